// Golden files: a model's inputs, outputs and gradients as an independent implementation found them, and how far yours
// are off. Tensors are `param.*` (what the model starts from), `in.*`, `out.*`, `grad.param.*` and `grad.in.*`.
#pragma once

#include "../core/parameter_table.hpp"
#include "../io/safetensors.hpp"
#include "relative_error.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace walt::testing {

/// The gradients of all parameters against a file's.
struct gradient_errors {
    double worst = 0, median = 0;
    std::string worst_name;
};

/// A golden file in memory.
class golden_file {
  public:
    explicit golden_file(const std::filesystem::path& path) : file_(path) {
        double squares = 0;
        for (const auto& [name, tensor] : file_.tensors()) {
            if (name.rfind("grad.param.", 0) != 0) continue;
            for (const double x : file_.template read<double>(name)) squares += x * x;
        }
        gradient_floor_ = 1e-3 * std::sqrt(squares);
    }

    const safetensors_file& file() const { return file_; }

    /// A tensor's elements as T, in the file's order, whatever its shape; or of this shape.
    template <class T> std::vector<T> values(const std::string& name) const { return file_.template read<T>(name); }
    template <class T> std::vector<T> values(const std::string& name, const std::vector<std::int64_t>& shape) const {
        return file_.template read<T>(name, shape);
    }
    double scalar(const std::string& name) const { return values<double>(name, {1}).front(); }

    /// Error of an output (no floor), and of a gradient (floor: 1e-3 of all parameter gradients together).
    template <class T> double output_error(const std::string& name, const T* yours) const {
        return relative_error(yours, values<double>(name));
    }
    template <class T> double gradient_error(const std::string& name, const T* yours) const {
        return relative_error(yours, values<double>(name), gradient_floor_);
    }
    double gradient_floor() const { return gradient_floor_; }

    /// A flat parameter buffer of Module, in its memory order, from `param.*`. Every trainable parameter must be there
    /// with its shape, and every `param.*` must be a parameter; what is measured and not stored starts as declared
    /// (zero or one).
    template <class Module, class A> std::vector<A> parameters() const {
        std::vector<A> flat(placed<Module>.extent);
        std::ptrdiff_t found = 0;
        for (const parameter_row& row : parameter_table<Module>()) {
            if (!row.trainable() && !file_.contains("param." + row.name)) {
                if (row.start == init::one)
                    std::fill_n(flat.begin() + static_cast<std::ptrdiff_t>(row.offset), row.size, A(1));
                continue;
            }
            const std::vector<A> stored = values<A>("param." + row.name, row.shape);
            for (std::size_t i = 0; i < row.size; ++i) flat[row.offset + i] = stored[place_in_file(row, i)];
            ++found;
        }
        const auto stored = std::count_if(file_.tensors().begin(), file_.tensors().end(),
                                          [](const auto& entry) { return entry.first.rfind("param.", 0) == 0; });
        require(found == stored, "{} has {} parameters, of which the module has {}", file_.path(), stored, found);
        return flat;
    }

    /// Every trainable parameter's gradient, of a flat buffer on the host, against `grad.param.*`.
    template <class Module, class A> gradient_errors check_gradients(const A* flat) const {
        gradient_errors result;
        std::vector<double> all;
        for (const parameter_row& row : parameter_table<Module>()) {
            if (!row.trainable()) continue;
            std::vector<A> mine(row.size);
            for (std::size_t i = 0; i < row.size; ++i) mine[place_in_file(row, i)] = flat[row.offset + i];
            const double error =
                relative_error(mine.data(), values<double>("grad.param." + row.name, row.shape), gradient_floor_);
            all.push_back(error);
            if (!(error <= result.worst) && !std::isnan(result.worst)) { // what is not a number is worst of all
                result.worst = error;
                result.worst_name = row.name;
            }
        }
        std::sort(all.begin(), all.end());
        if (!all.empty()) result.median = all[all.size() / 2];
        return result;
    }

  private:
    safetensors_file file_;
    double gradient_floor_ = 0;
};

} // namespace walt::testing
