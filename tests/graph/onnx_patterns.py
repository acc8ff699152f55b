"""Cases of several nodes: what the passes recognise, fold and join, and what they must leave alone."""
import numpy as np
from onnx import TensorProto

from onnx_case import LEFT, case, f32, ints, scalar, weights

LEFT.update({
    "matmul_bias": "reshape gemm relu reshape",
    "hswish_mul_div": "hard_swish",
    "hswish_div_mul": "hard_swish",
    "hswish_mul_sixth": "hard_swish",
    "hswish_hard_sigmoid": "hard_swish",
    "hsigmoid": "hard_sigmoid",
    "hsigmoid_first": "hard_sigmoid",
    "silu": "silu",
    "quick_gelu": "affine silu affine",
    "mish_apart": "mish",
    "softplus_apart": "softplus",
    "gelu_erf": "gelu",
    "gelu_erf_half_first": "gelu",
    "gelu_tanh_pow": "gelu_tanh",
    "gelu_tanh_mul": "gelu_tanh",
    "shuffle": "channel_shuffle",
    "shuffle_flat": "channel_shuffle",
    "shuffle_twice": "channel_shuffle channel_shuffle conv2d",
    "layer_norm_apart": "layer_norm reshape reshape",
    "layer_norm_2d_apart": "conv2d layer_norm reshape reshape transpose transpose",
    "instance_norm_apart": "instance_norm",
    "group_norm_apart": "conv2d group_norm relu",
    "channels_last_mlp": "add conv2d conv2d conv2d gelu layer_norm reshape reshape transpose transpose",
    "weight_norm": "conv2d",
    "weight_standardisation": "conv2d",
    "weight_batch_norm": "conv2d",
    "same_pads": "conv2d",
    "positions": "add gemm transpose transpose",
    "conv_bn": "conv2d relu",
    "bn_grouped_conv": "conv2d",
    "scale_padded_conv": "conv2d",
    "shift_padded_conv": "bias conv2d",
    "conv_transpose_bn": "conv_transpose2d",
    "conv1d_bn": "reshape conv2d relu conv2d reshape",
    "gemm_bn": "gemm",
    "conv_affine": "conv2d",
    "conv_affine_shared": "conv2d affine add",
    "pad_conv": "conv2d",
    "pad_average": "avg_pool2d",
    "pad_average_own": "avg_pool2d pad",
    "pad_average_whole_window": "avg_pool2d pad",
    "pad_max": "max_pool2d",
    "pad_max_zero": "max_pool2d pad",
    "two_clips": "clip",
    "shapes": "reshape concat slice",
    "order": "relu add relu",
    "half_weights": "conv2d",
    "half_model": "conv2d relu",
    "constant_branch": "add",
    "two_outputs_alias": "relu map",
})


def patterns():
    three, six, zero = scalar(3), scalar(6), scalar(0)
    x = {"x": [1, 4, 6, 50]}
    gate = [("Add", "x,three", "a", {}), ("Clip", "a,zero,six", "c", {})]
    numbers = dict(three=three, six=six, zero=zero)
    case("hswish_mul_div", 13, gate + [("Mul", "x,c", "m", {}), ("Div", "m,six", "y", {})], x, **numbers)
    case("hswish_div_mul", 13, gate + [("Div", "c,six", "d", {}), ("Mul", "d,x", "y", {})], x, **numbers)
    case("hswish_mul_sixth", 13, gate + [("Mul", "x,c", "m", {}), ("Mul", "m,s", "y", {})], x, s=scalar(1 / 6), **numbers)
    case("hswish_hard_sigmoid", 13, [("HardSigmoid", "x", "h", dict(alpha=1 / 6, beta=0.5)), ("Mul", "x,h", "y", {})], x)
    case("hsigmoid", 13, gate + [("Div", "c,six", "y", {})], x, **numbers)
    case("hsigmoid_first", 13, [("Mul", "x,s", "m", {}), ("Add", "m,h", "a", {}), ("Clip", "a,zero,one", "y", {})], x,
         s=scalar(0.2), h=scalar(0.5), zero=zero, one=scalar(1))
    case("silu", 13, [("Sigmoid", "x", "s", {}), ("Mul", "x,s", "y", {})], x)
    case("quick_gelu", 13, [("Mul", "x,k", "m", {}), ("Sigmoid", "m", "s", {}), ("Mul", "x,s", "y", {})], x, k=scalar(1.702))
    case("mish_apart", 13, [("Softplus", "x", "p", {}), ("Tanh", "p", "t", {}), ("Mul", "x,t", "y", {})], x)
    case("softplus_apart", 13, [("Exp", "x", "e", {}), ("Add", "e,one", "a", {}), ("Log", "a", "y", {})], x, one=scalar(1))
    erf = [("Div", "x,r", "d", {}), ("Erf", "d", "e", {}), ("Add", "e,one", "a", {})]
    case("gelu_erf", 13, erf + [("Mul", "x,a", "m", {}), ("Mul", "m,half", "y", {})], x, r=scalar(2**0.5), one=scalar(1), half=scalar(0.5))
    case("gelu_erf_half_first", 13, [("Mul", "x,half", "h", {})] + erf + [("Mul", "h,a", "y", {})], x, r=scalar(2**0.5),
         one=scalar(1), half=scalar(0.5))
    tanh = [("Mul", "q,k", "u", {}), ("Tanh", "u", "t", {}), ("Add", "t,one", "a", {}), ("Mul", "x,half", "h", {}), ("Mul", "h,a", "y", {})]
    case("gelu_tanh_pow", 13, [("Pow", "x,three", "p", {}), ("Mul", "p,c", "s", {}), ("Add", "x,s", "q", {})] + tanh, x,
         three=three, c=scalar(0.044715), k=scalar((2 / np.pi) ** 0.5), one=scalar(1), half=scalar(0.5))
    case("gelu_tanh_mul", 13, [("Mul", "x,x", "p", {}), ("Mul", "p,x", "p3", {}), ("Mul", "p3,c", "s", {}), ("Add", "x,s", "q", {})] + tanh, x,
         c=scalar(0.044715), k=scalar((2 / np.pi) ** 0.5), one=scalar(1), half=scalar(0.5))
    case("shuffle", 13, [("Reshape", "x,a", "r", {}), ("Transpose", "r", "t", dict(perm=[0, 2, 1, 3, 4])), ("Reshape", "t,b", "y", {})],
         {"x": [2, 6, 3, 4]}, a=ints(2, 3, 2, 3, 4), b=ints(2, 6, 3, 4))
    case("shuffle_flat", 13, [("Reshape", "x,a", "r", {}), ("Transpose", "r", "t", dict(perm=[0, 2, 1, 3])), ("Reshape", "t,b", "y", {})],
         {"x": [2, 6, 3, 4]}, a=ints(2, 2, 3, 12), b=ints(2, 6, 3, 4))
    bn = dict(s=weights(6), b=weights(6, seed=1), m=weights(6, seed=2), v=np.abs(weights(6, seed=3)))
    case("conv_bn", 13, [("Conv", "x,w", "c", dict(pads=[1, 1, 1, 1])), ("BatchNormalization", "c,s,b,m,v", "n", {}), ("Relu", "n", "y", {})],
         {"x": [1, 3, 5, 6]}, w=weights(6, 3, 3, 3), **bn)
    case("bn_grouped_conv", 13, [("BatchNormalization", "x,s,b,m,v", "n", {}), ("Conv", "n,w", "y", dict(group=2))],
         {"x": [1, 6, 5, 6]}, w=weights(4, 3, 3, 3), **bn)
    case("scale_padded_conv", 13, [("Mul", "x,k", "n", {}), ("Conv", "n,w,b", "y", dict(pads=[1, 1, 1, 1]))], {"x": [1, 3, 5, 6]},
         k=weights(3, 1, 1), w=weights(4, 3, 3, 3), b=weights(4))
    case("shift_padded_conv", 13, [("Add", "x,k", "n", {}), ("Conv", "n,w,b", "y", dict(pads=[1, 1, 1, 1]))], {"x": [1, 3, 5, 6]},
         k=weights(3, 1, 1), w=weights(4, 3, 3, 3), b=weights(4))
    case("conv_transpose_bn", 13, [("ConvTranspose", "x,w", "c", dict(group=2, strides=[2, 2])), ("BatchNormalization", "c,s,b,m,v", "y", {})],
         {"x": [1, 4, 5, 6]}, w=weights(4, 3, 2, 2), **bn)
    case("conv1d_bn", 13, [("Conv", "x,w", "c", {}), ("BatchNormalization", "c,s,b,m,v", "n", {}), ("Relu", "n", "r", {}),
                           ("Conv", "r,w2", "y", {})], {"x": [1, 3, 9]}, w=weights(6, 3, 3), w2=weights(2, 6, 3), **bn)
    case("gemm_bn", 13, [("MatMul", "x,w", "c", {}), ("BatchNormalization", "c,s,b,m,v", "y", {})], {"x": [3, 5]}, w=weights(5, 6), **bn)
    case("conv_affine", 13, [("Conv", "x,w,b", "c", {}), ("Mul", "k,c", "m", {}), ("Add", "m,t", "y", {})], {"x": [1, 3, 5, 6]},
         w=weights(4, 3, 3, 3), b=weights(4), k=f32(0.7), t=f32(-0.2))
    case("conv_affine_shared", 13, [("Conv", "x,w,b", "c", {}), ("Mul", "k,c", "m", {}), ("Add", "m,c", "y", {})], {"x": [1, 3, 5, 6]},
         w=weights(4, 3, 3, 3), b=weights(4), k=f32(0.7))
    pads = ints(0, 0, 1, 2, 0, 0, 0, 1)
    case("pad_conv", 13, [("Pad", "x,p", "t", {}), ("Conv", "t,w", "y", dict(pads=[1, 0, 0, 1]))], {"x": [1, 3, 5, 6]}, p=pads, w=weights(4, 3, 3, 3))
    case("pad_average", 13, [("Pad", "x,p", "t", {}), ("AveragePool", "t", "y", dict(kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1))],
         {"x": [1, 3, 6, 6]}, p=pads)
    case("pad_average_own", 13, [("Pad", "x,p", "t", {}), ("AveragePool", "t", "y", dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1]))],
         {"x": [1, 3, 6, 6]}, p=pads)
    case("pad_average_whole_window", 13,
         [("Pad", "x,p", "t", {}),
          ("AveragePool", "t", "y", dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1))],
         {"x": [1, 3, 6, 5]}, p=ints(0, 0, 0, 0, 0, 0, 0, 2))
    case("pad_max", 13, [("Pad", "x,p,v", "t", {}), ("MaxPool", "t", "y", dict(kernel_shape=[3, 3]))], {"x": [1, 3, 6, 6]}, p=pads,
         v=scalar(-np.inf))
    case("pad_max_zero", 13, [("Pad", "x,p", "t", {}), ("MaxPool", "t", "y", dict(kernel_shape=[3, 3]))], {"x": [1, 3, 6, 6]}, p=pads)
    shuffle = lambda a, b, i: [("Reshape", f"{a},split", f"r{i}", {}), ("Transpose", f"r{i}", f"t{i}", dict(perm=[0, 2, 1, 3, 4])),
                               ("Reshape", f"t{i},whole", b, {})]
    case("shuffle_twice", 13, shuffle("x", "s", 0) + shuffle("s", "u", 1) + [("Conv", "u,w", "y", {})], {"x": [1, 6, 3, 4]},
         split=ints(1, 2, 3, 3, 4), whole=ints(1, 6, 3, 4), w=weights(4, 6, 1, 1))
    norm = lambda x, y, axes: [("ReduceMean", x, y + "m", dict(axes=axes)), ("Sub", f"{x},{y}m", y + "d", {}), ("Pow", f"{y}d,two", y + "s", {}),
                               ("ReduceMean", y + "s", y + "v", dict(axes=axes)), ("Add", f"{y}v,eps", y + "e", {}), ("Sqrt", y + "e", y + "q", {}),
                               ("Div", f"{y}d,{y}q", y, {})]
    numbers = dict(two=f32(2), eps=f32(1e-5))
    case("layer_norm_apart", 13, norm("x", "n", [-1]) + [("Mul", "n,g", "o", {}), ("Add", "o,b", "y", {})], {"x": [2, 5, 6]}, g=weights(6),
         b=weights(6), **numbers)
    case("layer_norm_2d_apart", 13, [("Conv", "x,w", "c", {})] + norm("c", "n", [1]) + [("Mul", "g,n", "o", {}), ("Add", "o,b", "y", {})],
         {"x": [2, 3, 4, 5]}, w=weights(6, 3, 1, 1), g=weights(6, 1, 1), b=weights(6, 1, 1), **numbers)
    case("instance_norm_apart", 13, norm("x", "y", [2, 3]), {"x": [2, 3, 4, 5]}, **numbers)
    case("group_norm_apart", 17, [("Conv", "x,w", "c", {}), ("Reshape", "c,s", "r", {}), ("InstanceNormalization", "r,one,zero", "n", {}),
         ("Shape", "c", "f", {}), ("Reshape", "n,f", "m", {}), ("Mul", "m,g", "o", {}), ("Add", "o,b", "p", {}), ("Relu", "p", "y", {})],
         {"x": [2, 3, 6, 5]}, w=weights(8, 3, 2, 2), s=ints(0, 4, -1), one=f32(1, 1, 1, 1), zero=f32(0, 0, 0, 0), g=weights(8, 1, 1),
         b=weights(8, 1, 1, seed=1))
    case("channels_last_mlp", 17,
         [("Conv", "x,w,wb", "c", dict(group=6, pads=[1, 1, 1, 1])), ("Transpose", "c", "t", dict(perm=[0, 2, 3, 1])),
          ("LayerNormalization", "t,g,b", "n", {}), ("MatMul", "n,up", "u", {}), ("Add", "u,ub", "a", {}), ("Div", "a,root", "d", {}),
          ("Erf", "d", "e", {}), ("Add", "e,one", "f", {}), ("Mul", "a,f", "h", {}), ("Mul", "h,half", "k", {}), ("MatMul", "k,down", "m", {}),
          ("Add", "db,m", "o", {}), ("Mul", "s,o", "z", {}), ("Transpose", "z", "back", dict(perm=[0, 3, 1, 2])), ("Add", "x,back", "y", {})],
         {"x": [2, 6, 5, 7]}, w=weights(6, 1, 3, 3), wb=weights(6), g=weights(6), b=weights(6), up=weights(6, 12), ub=weights(12),
         down=weights(12, 6), db=weights(6), s=weights(6), root=f32(2**0.5), one=f32(1), half=f32(0.5))
    case("weight_norm", 13, [("ReduceL2", "v", "l", dict(axes=[1, 2, 3])), ("Div", "v,l", "u", {}), ("Mul", "g,u", "w", {}), ("Conv", "x,w", "y", {})],
         {"x": [1, 3, 5, 6]}, v=weights(4, 3, 3, 3), g=weights(4, 1, 1, 1))
    case("weight_standardisation", 13, norm("v", "w", [1, 2, 3]) + [("Conv", "x,w", "y", {})], {"x": [1, 3, 5, 6]}, v=weights(4, 3, 3, 3), **numbers)
    case("weight_batch_norm", 17, [("Reshape", "v,flat", "f", {}), ("BatchNormalization", "f,g,z,z,g", "n,m2,v2", dict(training_mode=1, momentum=1.0)),
         ("Reshape", "n,back", "w", {}), ("Conv", "x,w", "y", {})], {"x": [1, 3, 5, 6]}, v=weights(4, 3, 3, 3), g=weights(4, seed=1),
         z=np.zeros(4, np.float32), flat=ints(1, 4, -1), back=ints(4, 3, 3, 3))
    case("same_pads", 13, [("Ceil", "half", "o", {}), ("Sub", "o,one", "s", {}), ("Mul", "s,two", "t", {}), ("Sub", "t,five", "u", {}),
         ("Clip", "u,zero,", "c", {}), ("Cast", "c", "i", dict(to=7)), ("Clip", "i,low,high", "j", {}), ("Unsqueeze", "j,axis", "k", {}),
         ("Concat", "none,k,k,none,k,k", "p", dict(axis=0)), ("Pad", "x,p", "q", {}), ("Conv", "q,w", "y", dict(strides=[2, 2]))],
         {"x": [1, 3, 9, 7]}, w=weights(4, 3, 3, 3), half=scalar(4.5), one=scalar(1), two=scalar(2), five=scalar(5), zero=scalar(0),
         low=np.int64(1), high=np.int64(2), axis=ints(0), none=ints(0, 0))
    case("positions", 13, [("CumSum", "ones,last", "a", {}), ("CumSum", "ones,first", "b", dict(exclusive=1, reverse=1)), ("Cast", "b", "f", dict(to=1)),
         ("Sin", "a", "s", {}), ("Cos", "f", "c", {}), ("Sign", "c", "g", {}), ("Mul", "s,g", "m", {}), ("Softmax", "m", "e", dict(axis=-1)),
         ("EyeLike", "x", "i", dict(k=-1)), ("Add", "x,e", "t", {}), ("MatMul", "i,t", "y", {})], {"x": [4, 4]},
         ones=np.ones((4, 4), np.float32), last=np.int64(-1), first=np.int32(0))
    case("attended_line", 17, [("MatMul", "a,v", "m", {}), ("Transpose", "m", "t", dict(perm=[0, 2, 1, 3])), ("Reshape", "t,s", "r", {}),
         ("MatMul", "r,w", "y", {})], {"a": [1, 3, 1, 5], "v": [1, 3, 5, 4]}, s=ints(0, 1, -1), w=weights(12, 7))
    case("two_clips", 13, [("Relu", "x", "r", {}), ("Min", "r,six", "y", {})], x, six=scalar(0.75))
    case("shapes", 13, [("Shape", "x", "s", {}), ("Gather", "s,one", "g", dict(axis=0)), ("Div", "g,two", "h", {}), ("Mul", "h,two", "e", {}),
                        ("Slice", "x,h,e,one", "z", {}), ("Cast", "s", "f", dict(to=1)), ("Cast", "f", "i", dict(to=7)),
                        ("Slice", "i,zero,two", "n", {}), ("Concat", "n,minus", "t", dict(axis=0)), ("Reshape", "x,t", "u", {}),
                        ("Concat", "u,u", "y", dict(axis=2))],
         {"x": [2, 6, 3, 4]}, outputs=("y", "z"), one=ints(1), two=ints(2), zero=ints(0), minus=ints(-1))
    case("order", 13, [("Relu", "b", "y", {}), ("Add", "a,x", "b", {}), ("Relu", "x", "a", {})], {"x": [2, 3]})
    case("half_weights", 13, [("Cast", "w", "f", dict(to=1)), ("Conv", "x,f", "y", {})], {"x": [1, 3, 5, 6]}, w=weights(4, 3, 3, 3).astype(np.float16))
    case("half_model", 13, [("Conv", "x,w", "c", {}), ("Relu", "c", "y", {})], {"x": [1, 3, 5, 6]}, input_type=TensorProto.FLOAT16,
         w=weights(4, 3, 3, 3).astype(np.float16))
    case("constant_branch", 13, [("Softmax", "c", "s", {}), ("Transpose", "s", "t", dict(perm=[1, 0])), ("Add", "x,t", "y", {})], {"x": [3, 2]}, c=weights(2, 3))
    case("two_outputs_alias", 13, [("Relu", "x", "y", {}), ("Identity", "y", "z", {})], {"x": [2, 3]}, outputs=("y", "z"))
