// Parameters that mean nothing are typed errors, told by dsl::check before anything is compiled:
// one table, with every operator in it.
#include <gtest/gtest.h>

#include <set>

#include "dsl/op.h"

namespace tenfold::dsl {
namespace {

struct Row {
  const char* good;                    // a spec that passes
  std::vector<const char*> bad_words;  // each, added to it, makes one that does not
};

// Where the last word for a number counts, as it does in a spec.
const Row table[] = {
    {"conv2d h=5 w=5 c=4 k=4 r=3 s=3",
     {"stride=0",
      "stride_w=-1",
      "dilation=0",
      "dilation_h=-2",
      "r=0",
      "s=-1",
      "r=6",
      "dilation=3",
      "pad=-1",
      "pad_left=-3",
      "groups=3",
      "groups=0",
      "groups=-2",
      "groups=8",
      "k=6 groups=4",
      "h=0",
      "w=0",
      "c=0",
      "k=0",
      "n=0",
      "n=-1",
      "h=1e9 w=1e9",
      "c=1e9",
      "k=1e9 c=1e9",
      "r=1e9 pad=1e9",
      "dilation=1e9 pad_bottom=1e9",
      "stride=1e9 h=1e9 w=1e9",
      "clip(1)",
      "relu(1)",
      "add@7",
      "nonsense",
      "pre=nonsense"}},
    {"conv_transpose2d h=5 w=6 c=4 k=6 r=3 s=3 stride=2",
     {"stride=0",
      "stride_h=-1",
      "dilation=0",
      "r=0",
      "s=-1",
      "pad=-1",
      "pad=9",
      "groups=3",
      "groups=0",
      "groups=-1",
      "output_pad_h=-1",
      "output_pad_w=2",
      "output_pad_h=1e9",
      "h=0",
      "c=0",
      "k=0",
      "n=0",
      "stride=1e9",
      "h=1e9 w=1e9",
      "dilation=1e9",
      "r=1e9"}},
    {"deform_conv2d kernel_h=3 kernel_w=3 pad_top=1 pad_left=1 pad_bottom=1 pad_right=1 groups=2 "
     "offset_groups=2 in=f32:1x6x5x8:240,40,8,1:0:0,0,0,0 in=f32:1x6x5x36:1080,180,36,1:0:0,0,0,0 "
     "out=f32:1x6x5x6:180,30,6,1:0:0,0,0,0",
     {"stride_h=0", "stride_w=-2", "dilation_h=0", "kernel_h=0", "kernel_w=12", "pad_top=-1",
      "groups=3", "groups=0", "groups=4", "offset_groups=3", "offset_groups=0", "offset_groups=4",
      "kernel_h=1e9", "dilation_w=1e18", "in=f32:1x6x5x17:510,85,17,1:0:0,0,0,0"}},
    {"depthwise_pointwise kernel_h=3 kernel_w=3 in=f32:1x5x5x4:100,20,4,1:0:0,0,0,0 "
     "out=f32:1x3x3x6:54,18,6,1:0:0,0,0,0",
     {"stride_h=0", "dilation_w=-1", "kernel_h=6", "kernel_h=0", "pad_top=-1", "kernel_h=1e9",
      "mid0=nonsense", "mid0=clip(1)", "mid0=add@0", "mid1=relu"}},
    {"inverted_residual expanded=8 kernel_h=3 kernel_w=3 in=f32:1x5x5x4:100,20,4,1:0:0,0,0,0 "
     "out=f32:1x3x3x6:54,18,6,1:0:0,0,0,0",
     {"expanded=0", "expanded=2e9", "expanded=-3", "expanded=1.5", "expanded=1e9", "stride_h=0",
      "kernel_w=6", "pad_left=-1"}},
    {"squeeze_excite reduced=3 in=f32:2x5x4x8:160,32,8,1:0:0,0,0,0 "
     "out=f32:2x1x1x8:8,8,8,1:0:0,0,0,0",
     {"reduced=0", "reduced=-2", "reduced=1.5", "reduced=1e9", "mid0=nonsense", "mid0=add@0",
      "mid1=relu", "out=f32:2x1x2x8:16,16,8,1:0:0,0,0,0"}},
    {"squeeze_excite h=5 w=4 c=8 reduced=3",
     {"h=0", "c=0", "k=0", "n=-1", "h=1e9 w=1e9 c=1e9", "c=1e6 reduced=1e6"}},
    {"gemm m=5 n=7 k=3",
     {"n=1e6 k=1e6", "m=0", "n=0", "k=0", "n=-1", "k=1e9 m=1e9", "m=1e9 n=1e9"}},
    {"gemm in=f32:5x3:3,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
     {"out=f32:5x7:7,1:0:0,0,0,0", "do=add", "do=add@0"}},
    {"matmul in=f32:2x1x3x5:15,15,5,1:0:0,0,0,0 in=f32:4x5x6:30,6,1:0:0,0,0,0 "
     "out=f32:2x4x3x6:72,18,6,1:0:0,0,0,0",
     {"do=bias(1)", "do=add@5", "out=f32:1x1x3x6:18,18,6,1:0:0,0,0,0"}},
    {"matmul m=5 n=7 k=3", {"m=0", "batch=-1", "k=1e9 n=1e9", "m=1e9 n=1e9"}},
    {"max_pool2d h=7 w=9 c=4 r=3 s=3",
     {"stride=0", "stride_h=-1", "dilation=0", "dilation=4", "r=0", "r=8", "s=-1", "pad=-1",
      "pad=3", "pad_top=5", "h=0", "w=-3", "c=0", "n=0", "r=1e9 pad=1e9",
      "stride=1e9 dilation=1e9"}},
    {"avg_pool2d h=7 w=9 c=4 r=3 s=3",
     {"stride=0", "count_include_pad=2", "count_include_pad=0.5", "ceil_h=-1", "ceil_w=1", "r=8",
      "pad=3", "dilation=0", "h=0"}},
    {"lp_pool2d h=7 w=9 c=4 r=3 s=3 p=2",
     {"p=0", "p=0.5", "p=-2", "p=65", "stride=0", "r=8", "pad=3", "c=0"}},
    {"global_avg_pool h=3 w=4 c=5", {"h=0", "c=0", "n=0", "h=1e9 w=1e9 c=1e9"}},
    {"global_max_pool h=3 w=4 c=5", {"h=0", "c=0", "n=-1"}},
    {"reduce axes=6 kind=0 in=f32:3x4x5x7:140,35,7,1:0:0,0,0,0 out=f32:3x1x1x7:7,7,7,1:0:0,0,0,0",
     {"axes=0", "axes=16", "axes=-1", "axes=2", "axes=1.5", "kind=8", "kind=10", "kind=-1",
      "kind=0.5", "last=2"}},
    {"softmax in=f32:5x7:7,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
     {"axis=2", "axis=-1", "axis=0.5", "log=2", "log=-1", "pre=clip"}},
    {"resize2d h=5 w=7 c=3 scale_h=2 scale_w=2",
     {"mode=3", "mode=-1", "coordinate=6", "nearest=4", "exclude_outside=2", "scale_h=0",
      "scale_w=-1", "scale_h=1e9", "scale_h=0.1", "h=0", "c=0"}},
    {"lrn h=3 w=4 c=5", {"size=0", "size=-1", "size=2.5", "bias=0", "bias=-1", "alpha=-1", "c=0"}},
    {"layer_norm in=f32:5x7:7,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
     {"axis=2", "axis=-1", "axis=1.5", "epsilon=-1"}},
    {"instance_norm h=3 w=4 c=5", {"epsilon=-1", "h=0", "c=0"}},
    {"group_norm h=3 w=4 c=6 groups=3",
     {"epsilon=-1", "groups=0", "groups=-1", "groups=4", "groups=7", "groups=1.5", "c=0"}},
    {"map h=3 w=4 c=5",
     {"h=0", "c=0", "n=0", "h=1e9 w=1e9", "add@1", "clip(1,2,3)", "pow", "mul@-1"}},
    {"map in=f32:1x7:7,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
     {"in=f32:2x7:7,1:0:0,0,0,0 do=add@1", "in=f32:5x6:6,1:0:0,0,0,0 do=add@1",
      "in=f32:1x5x7:35,7,1:0:0,0,0,0 do=mul@1"}},
    {"transpose perm0=1 perm1=0 in=f32:5x7:7,1:0:0,0,0,0 out=f32:7x5:5,1:0:0,0,0,0",
     {"perm0=0", "perm0=2", "perm1=-1", "perm0=0.5", "perm0=0 perm1=1"}},
    {"pad begin0=1 end1=2 in=f32:5x7:7,1:0:0,0,0,0 out=f32:6x9:9,1:0:0,0,0,0",
     {"mode=3", "mode=-1", "begin0=2", "begin0=-9 end0=10 mode=1", "begin0=0.5", "end1=1e12",
      "begin0=8 end0=-7 mode=1"}},
    {"gather h=3 w=4 c=6 k=5", {"axis=4", "axis=-1", "axis=0.5", "k=0", "k=1e9", "c=0", "h=0"}},
    {"gather_channels h=3 w=4 c=6", {"groups=4", "groups=0", "groups=-1", "groups=12", "c=0"}},
};

TEST(BadParams, AreTypedErrorsBeforeAnythingIsCompiled) {
  for (const Row& row : table) {
    const auto good = parse_op_spec(row.good);
    EXPECT_TRUE(good) << row.good << ": " << (good ? "" : good.error().message);
    for (const char* words : row.bad_words) {
      const std::string spec = std::string(row.good) + " " + words;
      const auto task = parse_op_spec(spec);
      EXPECT_FALSE(task) << spec;
      if (task) continue;
      const ErrorCode code = task.error().code;
      EXPECT_TRUE(code == ErrorCode::invalid_shape || code == ErrorCode::invalid_argument ||
                  code == ErrorCode::unsupported)
          << spec << ": " << static_cast<int>(code);
      EXPECT_FALSE(task.error().message.empty()) << spec;
      EXPECT_EQ(task.error().message.find('\n'), std::string::npos) << task.error().message;
    }
  }
}

// The output's shape is part of a task: one that the operator does not make is refused, as are
// views that overlap, begin before their root or hold nothing.
TEST(BadParams, OutputsAndViewsAreChecked) {
  for (const char* text :
       {"conv2d kernel_h=3 kernel_w=3 in=f32:1x5x5x4:100,20,4,1:0:0,0,0,0 "
        "out=f32:1x5x5x4:100,20,4,1:0:0,0,0,0",
        "max_pool2d kernel_h=2 kernel_w=2 in=f32:1x5x5x4:100,20,4,1:0:0,0,0,0 "
        "out=f32:1x4x4x5:80,20,5,1:0:0,0,0,0",
        "map in=f32:5x7:7,1:0:0,0,0,0 out=f32:5x7:6,1:0:0,0,0,0",
        "map in=f32:5x7:7,1:0:0,0,0,0 out=f32:5x7:0,1:0:0,0,0,0",
        "map in=f32:5x7:-7,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
        "map in=f32:5x7:7,1:-1:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
        "map in=f32:5x0:7,1:0:0,0,0,0 out=f32:5x0:7,1:0:0,0,0,0",
        "map in=f32:5x7:7,1:0:0,0,0,0 out=f32:5x7:1e9,1:0:0,0,0,0",
        "map in=i8:5x7:7,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
        "map in=f32:1x3x3x4:36,12,4,1:0:1,1,1,1 out=f32:1x3x3x4:36,12,4,1:0:0,0,0,0",
        "map in=f32:1x3x3x4:36,12,4,1:0:-1,0,0,0 out=f32:1x3x3x4:36,12,4,1:0:0,0,0,0",
        "gemm in=f32:5x3:3,1:0:0,0,0,0 out=f32:4x7:7,1:0:0,0,0,0",
        "matmul in=f32:5x3:3,1:0:0,0,0,0 in=f32:4x7:7,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
        "matmul in=f32:5x3:3,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0", "map in=f32:5x7:7,1:0:0,0,0,0",
        "map out=f32:5x7:7,1:0:0,0,0,0", "nothing h=1", ""}) {
    const auto task = parse_op_spec(text);
    EXPECT_FALSE(task) << text;
  }
}

TEST(BadParams, NoOperatorIsLeftOut) {
  std::set<std::string> listed;
  for (const Row& row : table)
    listed.insert(std::string(row.good).substr(0, std::string(row.good).find(' ')));
  for (const Op& op : ops()) EXPECT_TRUE(listed.contains(op.name)) << op.name;
}

}  // namespace
}  // namespace tenfold::dsl
