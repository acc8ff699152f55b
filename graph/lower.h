// Pass: ONNX nodes become the vocabulary of docs/operators.md, one node at a time (onnx_op.cpp's
// table says how).
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// Precondition: infer() has run and found nothing unsupported. Afterwards every node's op is in
/// the vocabulary, except that nodes all of whose inputs are constant may remain for
/// fold_constants. Errors: those of the operators' rules.
Status lower(Network& network);

/// True for the ops of docs/operators.md.
bool in_vocabulary(const std::string& op);

}  // namespace tenfold::graph
