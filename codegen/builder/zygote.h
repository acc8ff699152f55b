// The builder's loop: reads requests from one stream socket, forks a child for each from a process
// that has the compiler warm, and answers as they finish. Single-threaded, so that fork is safe and
// symbol names are the same each time.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "codegen/protocol.h"

namespace tenfold::codegen {

struct ZygoteOptions {
  int socket = 0;
  int jobs = 2;           // children at once
  double timeout_s = 30;  // of one compile; then the child and its helpers are killed
};

class Zygote {
 public:
  explicit Zygote(const ZygoteOptions& options) : options_(options) {}
  ~Zygote();  // kills what still runs

  /// Serves until the other side closes. Errors: corrupt for a request that is no frame, io.
  Status serve();

 private:
  struct Child {
    int ticket = 0;
    int result = -1, log = -1;  // what it answers, what it says on stderr
    std::string answer, messages;
    int64_t deadline_ns = 0;
    bool timed_out = false;
  };

  Status read_requests();
  Status start_children();
  void read_children(const std::vector<int>& ready);
  void finish(int pid, Child& child);
  void kill_late(int64_t now_ns);
  Status send_answers();
  int poll_timeout_ms(int64_t now_ns) const;

  ZygoteOptions options_;
  bool closed_ = false;
  std::string incoming_, outgoing_;
  std::deque<Frame> waiting_;
  std::map<int, Child> children_;  // by pid
};

}  // namespace tenfold::codegen
