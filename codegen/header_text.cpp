#include "codegen/header_text.h"

#include <cctype>
#include <map>
#include <set>

#include "codegen/header.h"

namespace tenfold::codegen {

std::string identifier(const std::string& text) {
  std::string name;
  for (const unsigned char c : text) name += c < 0x80 && std::isalnum(c) ? std::tolower(c) : '_';
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) name.insert(0, "_");
  return name;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string braces(const Dims& dims) {
  std::string text;
  for (int64_t extent : dims) text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return '{' + text + '}';
}

const char* c_type(DType type) {
  switch (type) {
    case DType::f32:
      return "float";
    case DType::f16:
      return "uint16_t";
    case DType::f64:
      return "double";
    case DType::i8:
      return "int8_t";
    case DType::u8:
      return "uint8_t";
    case DType::i32:
      return "int32_t";
    case DType::i64:
      return "int64_t";
    case DType::boolean:
      return "uint8_t";
  }
  return "void";
}

std::vector<std::string> distinct_identifiers(const std::vector<std::string>& names) {
  std::set<std::string> taken = {"count"};
  std::map<std::string, int> next;  // the suffix to try for a name that is taken
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const std::string base = identifier(name);
    std::string candidate = base;
    while (taken.contains(candidate) || taken.contains(candidate + "_bytes"))
      candidate = base + '_' + std::to_string(++next.try_emplace(base, 1).first->second);
    taken.insert({candidate, candidate + "_bytes"});
    out.push_back(candidate);
  }
  return out;
}

std::string header_begin(const Tables& tables, const std::string& what) {
  const std::string guard = upper(tables.name) + "_H";
  std::string targets;
  for (const VariantTable& variant : tables.variants)
    targets += (targets.empty() ? "" : ", ") + variant.target.name;
  return "/* " + tables.name + ": " + what + "\n * Made by " + tables.compiler + " for " + targets +
         ". Generated: changes are lost. */\n#ifndef " + guard + "\n#define " + guard + "\n\n";
}

std::string header_end(const Tables& tables) {
  return "\n#endif /* " + upper(tables.name) + "_H */\n";
}

}  // namespace tenfold::codegen
