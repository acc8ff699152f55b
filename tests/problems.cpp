#include "tests/problems.h"

#include "dsl/op.h"
#include "tests/problems_families.h"

namespace tenfold::testing_support {

std::span<const Family> families() {
  static const Family table[] = {
      {"pointwise", draw_pointwise},
      {"dense", draw_dense},
      {"winograd", draw_winograd},
      {"group", draw_group},
      {"depthwise", draw_depthwise},
      {"dilated", draw_dilated},
      {"gate", draw_gate},
      {"separable", draw_separable},
      {"squeeze", draw_squeeze},
      {"conv_transpose", draw_conv_transpose},
      {"deform", draw_deform},
      {"gemm", draw_gemm},
      {"matmul", draw_matmul},
      {"pool", draw_pool},
      {"resize", draw_resize},
      {"softmax", draw_softmax},
      {"lrn", draw_lrn},
      {"norm", draw_norm},
      {"reduce", draw_reduce},
      {"pad", draw_pad},
      {"transpose", draw_transpose},
      {"shuffle", draw_shuffle},
      {"gather", draw_gather},
      {"map", draw_map},
  };
  return table;
}

Problem make_problem(const Family& family, Random& random) {
  while (true) {
    Problem problem = family.draw(random);
    if (!problem.task.outputs.empty() && dsl::check(problem.task)) return problem;
  }
}

// A chain that was drawn for integers, for values that round: where a sum lies next to a step, any
// rounding of it may be taken for the other side's.
void leave_out_steps(Task& task) {
  for (std::vector<Stage>* chain : {&task.prologue, &task.epilogue})
    for (Stage& stage : *chain)
      if (stage.kind == "floor" || stage.kind == "ceil" || stage.kind == "round")
        stage.kind = "abs";
}

KernelJob job_of(const Problem& problem, const Config& config, Random& random) {
  KernelJob job{problem.task, config, {}};
  job.run.seed = random.seed();
  job.run.integers = problem.exact && !(*schedules::find_space(config.algorithm))->extra_error;
  if (!job.run.integers) leave_out_steps(job.task);
  job.run.asserts = random.chance(25);
  const View& out = problem.task.outputs[0];
  for (size_t i = 0; i < problem.task.inputs.size(); ++i) {
    const View& in = problem.task.inputs[i];
    if (dsl::reads_in_place(problem.task, i) && in.dims == out.dims && in.strides == out.strides &&
        in.offset == out.offset && in.halo == Halo{} && random.chance(50))
      job.run.in_place_input = static_cast<int>(i);
  }
  return job;
}

std::vector<KernelJob> family_jobs(const Family& family, int problems, const Target& target,
                                   RandomConfigsOf which, Random& random) {
  std::vector<KernelJob> jobs;
  for (int i = 0; i < problems; ++i) {
    const Problem problem = make_problem(family, random);
    const std::vector<const schedules::Space*> spaces = schedules::spaces_for(problem.task, target);
    for (const schedules::Space* space : spaces) {
      const Config initial = space->initial(problem.task, target);
      jobs.push_back(job_of(problem, initial, random));
      std::mt19937_64 engine(random.seed());
      const auto other = random_config(*space, problem.task, target, engine);
      if (!other || *other == initial) continue;
      KernelJob job = job_of(problem, *other, random);
      if (which == RandomConfigsOf::every_space || space == spaces[i % spaces.size()])
        jobs.push_back(std::move(job));
    }
  }
  return jobs;
}

}  // namespace tenfold::testing_support
