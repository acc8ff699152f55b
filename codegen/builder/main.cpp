// tenfold-builder JOBS TIMEOUT_S: compiles what it is asked for on its standard input, a socket.
// Started by BuilderPool.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/sanitizer_options.h"
#include "codegen/builder/zygote.h"
#include "codegen/warm.h"

int main(int count, char** arguments) {
  int type = 0;
  socklen_t size = sizeof type;
  if (count != 3 || getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    std::fprintf(stderr, "tenfold-builder is started by tenfold and serves no one else\n");
    return 2;
  }
  tenfold::codegen::ZygoteOptions options;
  options.jobs = std::atoi(arguments[1]);
  options.timeout_s = std::atof(arguments[2]);
  tenfold::codegen::warm_up();
  const auto status = tenfold::codegen::Zygote(options).serve();
  return status ? 0 : 1;
}
