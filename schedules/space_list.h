// The rows of the space table, one a file of schedules/. space.cpp puts them in order.
#pragma once
#include "schedules/space.h"

namespace tenfold::schedules {

Space conv_direct_space();
Space conv_plain_space();

}  // namespace tenfold::schedules
