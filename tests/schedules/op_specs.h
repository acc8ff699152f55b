// One problem a line for every operator but conv2d, for the tests of all kinds of targets. Odd
// extents, prime channels, batch 3.
#pragma once

namespace tenfold::testing_support {

// Exact on small integers.
inline constexpr const char* exact_specs[] = {
    "max_pool2d n=3 h=13 w=11 c=7 r=3 s=3 stride=2 pad=1",
    "max_pool2d h=9 w=10 c=24 r=2 s=3 stride_h=2 pad_left=1 relu",
    "max_pool2d h=9 w=8 c=3 r=2 s=2 dilation=2 input=nchw",
    "avg_pool2d n=3 h=8 w=10 c=13 r=2 s=2 stride=2",
    "avg_pool2d h=7 w=9 c=16 r=2 s=4 pad=1 count_include_pad=1",
    "global_max_pool n=3 h=5 w=7 c=13",
    "global_avg_pool n=3 h=4 w=8 c=13",
    "gemm m=1 n=37 k=53 bias relu",
    "gemm m=5 n=64 k=128",
    "gemm m=3 n=17 k=1 bias",
    "gemm m=13 n=24 k=31 bias add relu",
    "matmul batch=3 m=7 n=13 k=11",
    "matmul m=5 n=16 k=24",
    "conv2d n=3 h=1 w=1 c=53 k=37 bias relu",
    "conv_transpose2d n=3 h=5 w=7 c=24 k=24 r=2 s=2 stride=2 bias relu",
    "conv_transpose2d h=5 w=6 c=7 k=11 r=3 s=3 stride=2 pad=1 output_pad_h=1 bias",
    "conv_transpose2d n=2 h=4 w=5 c=6 k=10 r=3 s=2 stride_w=3 dilation_h=2 groups=2 pad_left=1",
    "conv_transpose2d h=6 w=8 c=24 k=1 r=2 s=2 stride=2 output=nchw bias",
    "resize2d n=3 h=5 w=7 c=11 mode=0 coordinate=1 nearest=2",
    "resize2d h=3 w=4 c=16 scale_h=4 scale_w=8 mode=0",
    "resize2d h=3 w=4 c=5 scale_h=2 scale_w=1.5 coordinate=5 nearest=2",
    "map n=3 h=5 w=7 c=13 bias add relu",
    "map h=4 w=9 c=3 input=nchw scale_shift",
    "gather n=3 h=5 w=4 c=13 k=21 relu",
    "gather n=2 h=7 w=5 c=16 axis=1 k=11 pre=scale_shift",
    "gather h=4 w=9 c=3 k=5 input=nchw output=nchw",
    "gather_channels n=3 h=5 w=4 c=24 groups=3",
    "gather_channels h=3 w=3 c=14 groups=7",
    // Written out, for the short form of a spec does not describe their views.
    "transpose perm0=0 perm1=3 perm2=1 perm3=2 in=f32:2x5x7x3:105,21,3,1:0:0,0,0,0 "
    "out=f32:2x3x5x7:105,35,7,1:0:0,0,0,0",
    "transpose perm0=2 perm1=0 perm2=1 in=f32:5x13x4:52,4,1:0:0,0,0,0 "
    "out=f32:4x5x13:65,13,1:0:0,0,0,0",
    "pad begin0=0 end0=0 begin1=1 end1=2 begin2=3 end2=0 begin3=0 end3=1 mode=0 value=2 "
    "in=f32:2x3x4x5:60,20,5,1:0:0,0,0,0 out=f32:2x6x7x6:252,42,6,1:0:0,0,0,0",
    "reduce axes=6 kind=0 in=f32:3x4x5x7:140,35,7,1:0:0,0,0,0 "
    "out=f32:3x1x1x7:7,7,7,1:0:0,0,0,0",
    "reduce axes=6 kind=0 in=f32:3x4x5x7:140,35,7,1:0:0,0,0,0 "
    "out=f32:3x1x1x7:7,7,7,1:0:0,0,0,0 pre=neg",
    "reduce axes=8 kind=2 in=f32:3x4x5x7:140,35,7,1:0:0,0,0,0 "
    "out=f32:3x4x5x1:20,5,1,1:0:0,0,0,0",
    "matmul in=f32:2x1x3x5:15,15,5,1:0:0,0,0,0 in=f32:4x5x6:30,6,1:0:0,0,0,0 "
    "out=f32:2x4x3x6:72,18,6,1:0:0,0,0,0",
    "map in=f32:7x1:1,1:0:0,0,0,0 in=f32:1x5:5,1:0:0,0,0,0 out=f32:3x7x5:35,5,1:0:0,0,0,0 do=add@1",
    "pad begin0=0 end0=0 begin1=1 end1=2 begin2=3 end2=0 begin3=0 end3=0 mode=1 "
    "in=f32:2x3x4x5:60,20,5,1:0:0,0,0,0 "
    "out=f32:2x6x7x5:210,35,5,1:0:0,0,0,0",
    "pad begin0=1 end0=-1 begin1=2 end1=3 mode=2 in=f32:4x5:5,1:0:0,0,0,0 "
    "out=f32:4x10:10,1:0:0,0,0,0",
    "reduce axes=1 kind=3 in=f32:13x7:7,1:0:0,0,0,0 out=f32:1x7:7,1:0:0,0,0,0",
    "reduce axes=3 kind=5 in=f32:13x7:7,1:0:0,0,0,0 out=f32:1x1:1,1:0:0,0,0,0",
    "reduce axes=5 kind=7 in=f32:3x4x5:20,5,1:0:0,0,0,0 out=f32:1x4x1:4,1,1:0:0,0,0,0",
    "reduce axes=2 kind=0 in=f32:3x1x5:5,5,1:0:0,0,0,0 out=f32:3x1x5:5,5,1:0:0,0,0,0",
    "max_pool2d n=2 h=7 w=9 c=5 r=3 s=3 stride_h=2 pad_top=2 pad_right=1 dilation_w=2",
    "conv_transpose2d h=4 w=5 c=3 k=4 r=5 s=3 stride=4 dilation=2 pad=2 bias",
    "conv_transpose2d h=3 w=4 c=2 k=2 r=3 s=3 stride=3 dilation=2 pad_left=2 pre=relu",
};

// Within schedules::tolerance of the double-precision reference.
inline constexpr const char* close_specs[] = {
    // Where an exponential is beyond all floats, behind an anchor.
    "conv_transpose2d h=4 w=16 c=8 k=1 r=2 s=2 stride=2 output=nchw bias affine(1,-200) sigmoid",
    "conv_transpose2d h=3 w=5 c=8 k=8 r=2 s=2 stride=2 affine(1,-200) silu",
    "gemm m=3 n=17 k=9 affine(1,200) tanh",
    "map h=3 w=5 c=19 affine(1,-200) gelu",
    "avg_pool2d n=3 h=13 w=11 c=7 r=3 s=3 stride=2 pad=1",
    "lp_pool2d h=8 w=9 c=5 r=2 s=3 stride=2 p=2",
    "global_avg_pool n=3 h=7 w=9 c=13",
    "softmax n=3 h=1 w=1 c=11 axis=3",
    "softmax n=3 h=3 w=5 c=7 axis=1 log=1",
    "resize2d n=3 h=5 w=7 c=11 mode=1 coordinate=0",
    "resize2d h=5 w=7 c=8 mode=1 coordinate=2 scale_h=3 scale_w=2.5",
    "resize2d h=6 w=5 c=3 mode=2 coordinate=0 cubic_a=-0.75",
    "resize2d n=2 h=5 w=7 c=13 mode=1 coordinate=0 scale_h=3 scale_w=8 output=nchw",
    "resize2d h=9 w=20 c=5 mode=2 coordinate=2 scale_h=1 scale_w=1.5 output=nchw relu",
    "resize2d h=9 w=11 c=17 mode=1 coordinate=0 scale_h=0.5 scale_w=3 output=nchw",
    "lrn n=3 h=5 w=4 c=13 size=5 alpha=0.0001 beta=0.75 bias=1",
    "instance_norm n=3 h=5 w=7 c=13 epsilon=0.00001",
    "group_norm n=3 h=5 w=7 c=12 groups=4 epsilon=0.00001",
    "map n=3 h=5 w=7 c=13 silu",
    "map h=3 w=5 c=8 hard_swish add sigmoid",
    "map h=3 w=5 c=8 gelu",
    "map h=3 w=5 c=8 gelu_tanh",
    "map h=3 w=5 c=8 mish",
    "map h=3 w=5 c=8 tanh",
    "map h=3 w=5 c=8 erf",
    "map h=3 w=5 c=8 exp",
    "map h=3 w=5 c=8 softplus",
    "map h=3 w=5 c=8 elu(0.5)",
    "map h=3 w=5 c=8 selu",
    "map h=3 w=5 c=8 leaky_relu(0.1)",
    "map h=3 w=5 c=8 hard_sigmoid(0.2,0.5)",
    "map h=3 w=5 c=8 clip(-0.5,0.5) affine(2,1)",
    // One offset group, then two with a mask: samples at fractions of a pixel, in and beyond the
    // image.
    "deform_conv2d kernel_h=3 kernel_w=3 stride_h=1 stride_w=1 dilation_h=1 dilation_w=1 "
    "pad_top=1 pad_left=1 "
    "pad_bottom=1 pad_right=1 groups=1 offset_groups=1 in=f32:2x6x5x8:240,40,8,1:0:0,0,0,0 "
    "in=f32:2x6x5x18:540,90,18,1:0:0,0,0,0 out=f32:2x6x5x11:330,55,11,1:0:0,0,0,0 do=bias",
    "deform_conv2d kernel_h=3 kernel_w=3 stride_h=2 stride_w=2 dilation_h=1 dilation_w=1 "
    "pad_top=1 pad_left=1 "
    "pad_bottom=1 pad_right=1 groups=2 offset_groups=2 in=f32:1x7x7x8:392,56,8,1:0:0,0,0,0 "
    "in=f32:1x4x4x36:576,144,36,1:0:0,0,0,0 in=f32:1x4x4x18:288,72,18,1:0:0,0,0,0 "
    "out=f32:1x4x4x10:160,40,10,1:0:0,0,0,0",
    "layer_norm axis=2 epsilon=0.001 in=f32:3x5x13:65,13,1:0:0,0,0,0 "
    "out=f32:3x5x13:65,13,1:0:0,0,0,0",
    "layer_norm axis=1 epsilon=0.001 in=f32:3x5x8:40,8,1:0:0,0,0,0 out=f32:3x5x8:40,8,1:0:0,0,0,0 "
    "do=add@0",
    "layer_norm axis=0 in=f32:5x7:7,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0",
    "softmax axis=0 in=f32:5x7:7,1:0:0,0,0,0 out=f32:5x7:7,1:0:0,0,0,0 pre=affine(3,1)",
    "softmax axis=1 in=f32:2x1000:1000,1:0:0,0,0,0 out=f32:2x1000:1000,1:0:0,0,0,0",
    "reduce axes=2 kind=1 in=f32:3x13:13,1:0:0,0,0,0 out=f32:3x1:1,1:0:0,0,0,0",
    "reduce axes=2 kind=4 in=f32:3x13:13,1:0:0,0,0,0 out=f32:3x1:1,1:0:0,0,0,0",
    "reduce axes=6 kind=6 in=f32:3x4x5x7:140,35,7,1:0:0,0,0,0 out=f32:3x1x1x7:7,7,7,1:0:0,0,0,0",
    "lp_pool2d n=2 h=7 w=9 c=13 r=3 s=3 stride=2 pad=1 p=3",
    "avg_pool2d h=8 w=10 c=7 r=3 s=3 stride=2 pad_top=1 pad_left=1 pad_bottom=2 pad_right=2 "
    "ceil_h=1 ceil_w=1 count_include_pad=1",
    "avg_pool2d h=9 w=9 c=3 r=2 s=3 stride=2 dilation=2 pad=1",
    "resize2d n=2 h=6 w=8 c=8 mode=2 coordinate=1 exclude_outside=1 scale_h=1.5 scale_w=0.5",
    "lrn h=3 w=4 c=8 size=4 alpha=0.5 beta=0.6 bias=1",
};

}  // namespace tenfold::testing_support
