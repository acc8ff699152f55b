#include "cli/npy.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/program.h"

namespace tenfold::cli {
namespace {

using testing::Workplace;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Npy, ReadsBackEveryTypeThatItWrites) {
  const Workplace place;
  for (const DType type : {DType::f32, DType::f16, DType::f64, DType::i8, DType::u8, DType::i32,
                           DType::i64, DType::boolean})
    for (const Dims& dims : {Dims{}, Dims{0}, Dims{5}, Dims{2, 3, 7}}) {
      Array array(type, dims);
      for (int64_t i = 0; i < array.size_bytes(); ++i)
        array.bytes()[i] = static_cast<std::byte>(i * 7 % 251);
      ASSERT_TRUE(write_npy(place.path("a.npy"), array));
      const Result<Array> back = read_npy(place.path("a.npy"));
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(back->type(), type);
      EXPECT_EQ(back->dims(), dims);
      EXPECT_EQ(std::string(reinterpret_cast<const char*>(back->bytes()),
                            static_cast<size_t>(back->size_bytes())),
                std::string(reinterpret_cast<const char*>(array.bytes()),
                            static_cast<size_t>(array.size_bytes())));
    }
}

TEST(Npy, NumPyReadsItAndWritesWhatItReads) {
  const Workplace place;
  Array array(DType::f32, {2, 3});
  for (int i = 0; i < 6; ++i)
    array.as<float>()[static_cast<size_t>(i)] = static_cast<float>(i) * 0.5f;
  ASSERT_TRUE(write_npy(place.path("a.npy"), array));
  const auto outcome =
      place.run({TENFOLD_PYTHON, "-c",
                 "import numpy as n, sys\n"
                 "a = n.load(sys.argv[1]); assert a.dtype == 'f4' and a.shape == (2, 3), a\n"
                 "assert (a.ravel() == n.arange(6) * 0.5).all()\n"
                 "n.save(sys.argv[2], (a * 2).astype('f8'))",
                 place.path("a.npy"), place.path("b.npy")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Result<Array> back = read_npy(place.path("b.npy"));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->type(), DType::f64);
  EXPECT_EQ(back->as<double>()[5], 5.0);
}

TEST(Npy, RefusesEveryPrefixAndEveryExtraByte) {
  const Workplace place;
  ASSERT_TRUE(write_npy(place.path("a.npy"), Array(DType::f32, {3, 5})));
  const std::string good = read_file(place.path("a.npy"));
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(read_npy(place.write("b.npy", good.substr(0, size)))) << size;
  EXPECT_FALSE(read_npy(place.write("b.npy", good + "x")));
}

std::string with_header(const std::string& header, const std::string& data) {
  std::string file = "\x93NUMPY";
  file +=
      {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return file + header + data;
}

TEST(Npy, RefusesWhatAHeaderMayNotSay) {
  const Workplace place;
  const std::string data(24, '\0');
  const char* bad[] = {
      "{'descr': '>f4', 'fortran_order': False, 'shape': (6,), }\n",
      "{'descr': '<f4', 'fortran_order': True, 'shape': (6,), }\n",
      "{'descr': '|O', 'fortran_order': False, 'shape': (6,), }\n",
      "{'descr': '<U4', 'fortran_order': False, 'shape': (6,), }\n",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }\n",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }\n",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (6, }\n",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (6 1), }\n",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }\n",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 1099511627776, 16777216), "
      "}\n",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,6), }\n",
      "{'descr': '<f4', 'shape': (6,), }\n",
      "{'fortran_order': False, 'shape': (6,), }\n",
      "{}\n",
      "",
  };
  for (const char* header : bad) {
    const Result<Array> array = read_npy(place.write("b.npy", with_header(header, data)));
    EXPECT_FALSE(array) << header;
    if (!array)
      EXPECT_NE(array.error().message.find("b.npy: "), std::string::npos) << array.error().message;
  }
  EXPECT_TRUE(read_npy(place.write(
      "b.npy", with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }\n", data))));
}

TEST(Npy, RefusesFoldersDevicesAndMissingFiles) {
  const Workplace place;
  EXPECT_EQ(read_npy("/dev/zero").error().code, ErrorCode::corrupt);
  EXPECT_EQ(read_npy(place.path("")).error().code, ErrorCode::corrupt);
  EXPECT_EQ(read_npy(place.path("absent.npy")).error().code, ErrorCode::not_found);
  EXPECT_EQ(write_npy(place.path("no/such/folder.npy"), Array(DType::f32, {1})).error().code,
            ErrorCode::io);
  EXPECT_EQ(write_npy("/dev/full", Array(DType::f32, {1})).error().code, ErrorCode::io);
}

}  // namespace
}  // namespace tenfold::cli
