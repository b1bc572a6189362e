// What a model's numbers are known by: a hash of its parameters as they are now.
#pragma once

#include "hash.hpp"
#include "model.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace walt {

/// A hash that grows word by word.
class running_hash {
  public:
    explicit running_hash(std::string_view start) : all_(hash(start)) {}
    void add(std::uint64_t word) {
        all_ = (all_ ^ word) * 0x9e3779b97f4a7c15u;
        all_ ^= all_ >> 29;
    }
    /// Every parameter's name and numbers.
    template <class Model> void add_parameters(const Model& model) {
        std::vector<typename Model::master_type> values;
        for (const parameter_row& row : Model::table()) {
            add(hash(row.name));
            values.resize(row.size);
            model.get(row, values);
            for (const auto& value : values) {
                std::uint64_t bits = 0;
                std::memcpy(&bits, &value, sizeof value);
                add(bits);
            }
        }
    }
    /// 16 hexadecimal digits.
    std::string text() const { return fmt::format("{:016x}", all_); }

  private:
    std::uint64_t all_;
};

} // namespace walt
