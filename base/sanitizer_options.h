// For a program whose faults others judge by its signal: it must end with it under AddressSanitizer
// too. Included by such a program's main.cpp alone.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __asan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_abort=0:detect_"
         "leaks=0";
}
#endif
