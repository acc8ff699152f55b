#include "autotune/records.h"

#include <gmock/gmock.h>

#include <functional>
#include <sstream>

#include "dsl/op.h"
#include "tests/autotune/support.h"

namespace tenfold::autotune {
namespace {

class Records : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = SqliteDatabase::open({folder_.file("db"), {}});
    ASSERT_TRUE(opened);
    database_ = *std::move(opened);
    const Config initial = schedules::initial_config(task_, query_.target);
    const schedules::Space* space = *schedules::find_space(initial.algorithm);
    version_ = space->version;
    // Legal configs that differ from the default.
    for (const schedules::Axis& axis : space->axes(task_, query_.target))
      for (const int64_t value : axis.values) {
        Config config = initial;
        config.values[axis.name] = value;
        if (config == initial || !space->legal(task_, query_.target, config)) continue;
        const bool accurate = schedules::accurate(task_, config, query_.accuracy);
        (accurate ? configs_ : inaccurate_).push_back(config);
      }
    ASSERT_GE(configs_.size(), 4u);
  }

  void add(const Config& config, int64_t time_ns,
           const std::function<void(TrialKey&)>& change = {}) {
    Trial trial = example_trial();
    trial.key = {to_text(task_), query_.target.name, cpu_name(),
                 query_.threads, version_,           query_.compiler};
    if (change) change(trial.key);
    trial.config = config;
    trial.samples_ns = {time_ns};
    ASSERT_TRUE(database_->insert(trial));
  }
  ChosenConfig choose() {
    auto chosen = choose_config(*database_, task_, query_);
    EXPECT_TRUE(chosen) << chosen.error().message;
    return chosen ? *chosen : ChosenConfig{};
  }

  const Folder folder_;
  std::unique_ptr<SqliteDatabase> database_;
  const Task task_ = *dsl::parse_op_spec("conv2d n=1 h=14 w=14 c=32 k=32 r=3 s=3 pad=1 bias relu");
  const RecordQuery query_{*parse_target("x86_64-avx2"), 2, "test"};
  std::vector<Config> configs_, inaccurate_;
  int version_ = 0;
};

TEST_F(Records, FromTheDefaultUpToTheExactRecord) {
  EXPECT_EQ(choose().source, RecordSource::untuned);
  EXPECT_EQ(choose().config, schedules::initial_config(task_, query_.target));

  add(configs_[0], 10, [](TrialKey& key) { key.device_name = "Other CPU"; });
  EXPECT_EQ(choose().source, RecordSource::similar_machine);
  EXPECT_EQ(choose().config, configs_[0]);
  EXPECT_EQ(choose().device_name, "Other CPU");

  add(configs_[1], 2000, [](TrialKey& key) { key.compiler = "older"; });
  EXPECT_EQ(choose().source, RecordSource::other_compiler);
  EXPECT_EQ(choose().config, configs_[1]);

  add(configs_[2], 3000, [](TrialKey& key) { key.threads = 8; });
  EXPECT_EQ(choose().source, RecordSource::other_threads);
  add(configs_[3], 9000, [](TrialKey& key) { key.threads = 1; });  // nearer to 2 than 8 is
  EXPECT_EQ(choose().config, configs_[3]);

  add(configs_[1], 5000);
  EXPECT_EQ(choose().source, RecordSource::exact);
  EXPECT_EQ(choose().config, configs_[1]);
  EXPECT_EQ(choose().time_ns, 5000);
  add(configs_[0], 4000);
  EXPECT_EQ(choose().config, configs_[0]);
}

TEST_F(Records, TheMachineWithTheMostSimilarCachesIsNearest) {
  const DeviceFacts here = this_cpu();
  const auto import = [&](const std::string& device, int64_t l2_bytes, const Config& config) {
    Trial trial = example_trial();
    trial.key = {to_text(task_), query_.target.name, device,
                 query_.threads, version_,           query_.compiler};
    trial.config = config;
    std::istringstream line(
        to_line(trial, DeviceFacts{device, here.l1_bytes, l2_bytes, here.l3_bytes}));
    ASSERT_TRUE(database_->import_lines(line, "team"));
  };
  import("A", here.l2_bytes * 8, configs_[0]);
  import("B", here.l2_bytes * 2, configs_[1]);
  import("C", here.l2_bytes / 4, configs_[2]);
  add(configs_[3], 1, [](TrialKey& key) { key.device_name = "Of unknown caches"; });
  EXPECT_EQ(choose().device_name, "B");
}

TEST_F(Records, NothingStaleOrIllegalIsTaken) {
  add(configs_[0], 10, [](TrialKey& key) { ++key.space_version; });
  Config illegal = configs_[1];
  illegal.values.begin()->second = 123456;
  add(illegal, 10);
  Config unknown = configs_[1];
  unknown.algorithm = "gone";
  add(unknown, 10);
  add(configs_[2], 10, [](TrialKey& key) { key.target = "x86_64-avx512"; });
  EXPECT_EQ(choose().source, RecordSource::untuned);
}

TEST_F(Records, WhatNeverCompetedWithTheDefaultDoesNotDisplaceIt) {
  const Config untuned = schedules::initial_config(task_, query_.target);
  const schedules::Space* other = nullptr;
  for (const schedules::Space* space : schedules::spaces_for(task_, query_.target))
    if (space->name != untuned.algorithm) other = space;
  ASSERT_NE(other, nullptr);
  const Config slower = other->initial(task_, query_.target);
  const auto of_other = [&](TrialKey& key) { key.space_version = other->version; };

  add(untuned, 10, [&](TrialKey& key) { key.space_version = version_ + 1; });
  add(slower, 2000, of_other);
  EXPECT_EQ(choose().source, RecordSource::untuned);
  EXPECT_EQ(choose().config, untuned);
  EXPECT_EQ(choose().time_ns, 0);

  // On another machine both were tried: that is the nearest answer.
  const auto elsewhere = [&](int version) {
    return [version](TrialKey& key) {
      key.device_name = "Other CPU";
      key.space_version = version;
    };
  };
  add(untuned, 3000, elsewhere(version_));
  add(slower, 1000, elsewhere(other->version));
  EXPECT_EQ(choose().source, RecordSource::similar_machine);
  EXPECT_EQ(choose().config, slower);

  add(untuned, 3000);
  EXPECT_EQ(choose().source, RecordSource::exact);
  EXPECT_EQ(choose().time_ns, 2000);
}

TEST_F(Records, WhatIsLessAccurateThanAskedForIsPassedOver) {
  ASSERT_FALSE(inaccurate_.empty());
  add(inaccurate_.front(), 10);
  add(configs_[0], 2000);
  EXPECT_EQ(choose().config, configs_[0]);
}

TEST_F(Records, CoverageIsCountedAndMayBeRequired) {
  RecordCoverage coverage;
  EXPECT_EQ(coverage.text(), "no tasks");
  add(configs_[0], 10);
  coverage.add(task_, choose());
  coverage.add(task_, choose());
  EXPECT_TRUE(require_tuned(coverage));
  coverage.add(task_, {});
  EXPECT_EQ(coverage.text(), "2 exact, 1 untuned");
  const Status required = require_tuned(coverage);
  ASSERT_FALSE(required);
  EXPECT_EQ(required.error().code, ErrorCode::not_found);
  EXPECT_THAT(required.error().message, testing::HasSubstr(to_text(task_)));
}

}  // namespace
}  // namespace tenfold::autotune
