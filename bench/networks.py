"""Networks of torchvision and timm, exported, compiled, compared with ONNX Runtime and timed beside other engines.

usage: networks.py TENFOLD WORK_DIR [NAME...]

Needs torch, torchvision, timm and onnx in the Python that runs it, and what scripts/setup installs for the other engines. Weights are random
(seed 0), the statistics of batch normalisations drawn so that no branch is the identity. Each network is exported by PyTorch's TorchScript
exporter at opset 17, compiled without tuning, verified, and timed on one thread; what is in WORK_DIR is not made again. Prints the networks from the
least to the greatest advantage over the faster of the two engines, and geometric means. Quieter with: chrt -f 50 taskset -c 1 python3 networks.py ...
"""
import json
import math
import pathlib
import subprocess
import sys

TORCHVISION = """
densenet201 efficientnet_b3 efficientnet_v2_s inception_v3 mnasnet1_0 mobilenet_v3_small regnet_x_800mf regnet_y_400mf resnet18
resnext101_32x8d shufflenet_v2_x0_5 shufflenet_v2_x2_0 squeezenet1_0 vgg11_bn wide_resnet50_2 convnext_tiny
""".split()
SEGMENTATION = "deeplabv3_resnet50 fcn_resnet50 lraspp_mobilenet_v3_large".split()
TIMM = """
bat_resnext26ts convmixer_768_32 convnextv2_atto crossvit_tiny_240 cs3darknet_s cspdarknet53 darknet53 densenetblur121d dla34
dla60_res2next dm_nfnet_f0 dpn68 eca_botnext26ts_256 ecaresnet26t edgenext_xx_small efficientformer_l1 efficientnetv2_rw_t
ese_vovnet19b_dw fastvit_t8 fbnetc_100 fbnetv3_b focalnet_tiny_srf gcresnext26ts gernet_s ghostnet_100 ghostnetv2_100 hardcorenas_a
hgnet_tiny hgnetv2_b0 hrnet_w18_small inception_next_atto inception_resnet_v2 inception_v4 lcnet_050 legacy_xception levit_128s
mixnet_s mobilenet_edgetpu_v2_xs mobilenetv4_conv_small mobilenetv4_hybrid_medium mobileone_s0 mobilevit_xxs nasnetalarge
nextvit_small nfnet_l0 pnasnet5large poolformer_s12 rdnet_tiny regnetv_040 regnety_002 regnetz_b16 repghostnet_050 repvgg_a0
repvit_m0_9 res2net50_26w_4s resnest14d resnet26t resnet32ts resnetaa50 resnetblur50 resnetv2_50 resnetv2_50x1_bit rexnet_100
selecsls42b semnasnet_075 senet154 seresnetaa50d seresnext26d_32x4d shvit_s1 skresnet18 spnasnet_100 starnet_s1
tf_efficientnet_b0 tf_efficientnet_lite0 tf_mobilenetv3_small_minimal_100 tinynet_e tresnet_m vitamin_small_224 vovnet39a xception41
""".split()


def make(name):
    """The network and its input's side."""
    import timm
    import torchvision
    if name in SEGMENTATION:
        import torch
        whole = torchvision.models.get_model(name, weights=None, weights_backbone=None)

        class Map(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.whole = whole

            def forward(self, x):
                scores = self.whole(x)["out"]
                return scores.argmax(1) if name.startswith("fcn") else scores

        return Map(), 256
    if name in TORCHVISION:
        return torchvision.models.get_model(name, weights=None), 299 if "inception" in name else 224
    network = timm.create_model(name, pretrained=False)
    return network, network.default_cfg.get("input_size", (3, 224, 224))[1]


def export(name, path):
    import torch
    torch.manual_seed(0)
    network, side = make(name)
    draw = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.running_mean.normal_(0, 0.2, generator=draw)
            module.running_var.uniform_(0.5, 1.5, generator=draw)
            if module.affine:
                module.weight.data.uniform_(0.5, 1.2, generator=draw)
                module.bias.data.normal_(0, 0.1, generator=draw)
    with torch.no_grad():
        torch.onnx.export(network.eval(), torch.randn(1, 3, side, side), path, dynamo=False, opset_version=17)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError((done.stderr or done.stdout).strip().splitlines()[-1])


def measure(tenfold, work, name):
    """Milliseconds by engine."""
    model, library, figures = work / f"{name}.onnx", work / name, work / f"{name}.json"
    if not figures.exists():
        if not model.exists():
            export(name, model)
        if not (library / "manifest.json").exists():
            run(tenfold, "compile", model, "-o", library)
        # Random weights grow some networks' outputs beyond any bound on single elements: told, and timed all the same.
        try:
            run(tenfold, "verify", library, "--model", model)
        except RuntimeError as error:
            print(f"{name}: {error}", flush=True)
        run(tenfold, "bench", library, "--model", model, "--threads", "1", "--against", "onnxruntime,openvino", "--json", figures)
    return {row["engine"]: row.get("median_ms") for row in json.loads(figures.read_text())["engines"]}


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main(tenfold, work, names):
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in names or TORCHVISION + SEGMENTATION + TIMM:
        try:
            times = measure(tenfold, work, name)
        except Exception as error:  # told, and the others go on
            print(f"{name}: {error}", flush=True)
            continue
        ours, others = times.pop("tenfold"), {engine: ms for engine, ms in times.items() if ms}
        if others:
            rows.append((min(others.values()) / ours, name, ours, {engine: ms / ours for engine, ms in others.items()}))
            print(f"{rows[-1][0]:.2f} {name}", flush=True)
    for best, name, ours, ratios in sorted(rows, key=lambda row: row[0]):
        print(f"{best:6.2f}  {name:34s} {ours:9.2f} ms  " + "  ".join(f"{e} {r:.2f}" for e, r in ratios.items()))
    for engine in ("onnxruntime", "openvino"):
        ratios = [row[3][engine] for row in rows if engine in row[3]]
        if ratios:
            print(f"{engine}: {mean(ratios):.2f} in the geometric mean of {len(ratios)}")
    if rows:
        print(f"the faster of them: {mean([row[0] for row in rows]):.2f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
