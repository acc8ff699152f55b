# What tenfold builds on. scripts/setup installs all of it; Halide and onnx.proto live in .deps/venv.
set(TENFOLD_VENV ${PROJECT_SOURCE_DIR}/.deps/venv CACHE PATH "Virtual environment with halide and onnx")
file(GLOB site_packages ${TENFOLD_VENV}/lib/python3*/site-packages)
if(NOT EXISTS "${site_packages}/halide")
  message(FATAL_ERROR "Halide is not in ${TENFOLD_VENV}: run scripts/setup first")
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(TBB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(GTest REQUIRED)

# Halide's own headers, wanted as system headers; the library is one shared object.
add_library(tenfold_halide_headers INTERFACE)
target_include_directories(tenfold_halide_headers SYSTEM INTERFACE ${site_packages}/halide/include)
add_library(tenfold_halide INTERFACE)
target_link_libraries(tenfold_halide INTERFACE tenfold_halide_headers ${site_packages}/halide/lib64/libHalide.so)
target_link_options(tenfold_halide INTERFACE -Wl,-rpath,${site_packages}/halide/lib64)

# ONNX's own schema, compiled by protoc into the build folder; with descriptors, which graph/wire_check.cpp walks.
set(onnx_proto ${site_packages}/onnx/onnx-ml.proto)
set(onnx_out ${CMAKE_BINARY_DIR}/onnx)
file(MAKE_DIRECTORY ${onnx_out})
add_custom_command(
  OUTPUT ${onnx_out}/onnx-ml.pb.cc ${onnx_out}/onnx-ml.pb.h
  COMMAND sed /optimize_for.*LITE_RUNTIME/d ${onnx_proto} > ${onnx_out}/onnx-ml.proto
  COMMAND protobuf::protoc --proto_path=${onnx_out} --cpp_out=${onnx_out} ${onnx_out}/onnx-ml.proto
  DEPENDS ${onnx_proto})
add_library(tenfold_onnx_proto STATIC ${onnx_out}/onnx-ml.pb.cc)
target_include_directories(tenfold_onnx_proto SYSTEM PUBLIC ${onnx_out})
target_link_libraries(tenfold_onnx_proto PUBLIC protobuf::libprotobuf)
target_compile_options(tenfold_onnx_proto PRIVATE -w)

# LLVM 19 for the runner alone: the C++ library that Debian ships as one shared object.
find_package(LLVM 19.1 REQUIRED CONFIG PATHS /usr/lib/llvm-19/lib/cmake/llvm NO_DEFAULT_PATH)
add_library(tenfold_llvm INTERFACE)
target_include_directories(tenfold_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_link_libraries(tenfold_llvm INTERFACE LLVM)
target_link_directories(tenfold_llvm INTERFACE ${LLVM_LIBRARY_DIRS})
