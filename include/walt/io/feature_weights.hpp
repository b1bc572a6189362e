// Weights of the networks of measures (docs/model.md 21.1), by the names that their files usually have; batch norms are
// folded into the convolutions before them. scripts/convert_features makes such files of PyTorch's.
#pragma once

#include "pretrained.hpp"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace walt {

/// network_features fvd(device, i3d<>{}, compute<float>, feature_weights("i3d.safetensors"));
/// Every tensor must be there with its shape (F32, F64, BF16 or F16) and finite numbers, variances of 0 or more, and
/// there may be none but those that the network leaves out; otherwise walt::error says which is wrong, and the model
/// stays as it was.
///
/// Of a network with an `epsilon` the parameters P.conv.weight (or P.conv3d.weight) and P.bn.bias are what the file's
/// P.conv.weight becomes by the batch norm P.bn.{weight, bias, running_mean, running_var} behind it; norm_of(name) says
/// otherwise where the names are others. A kernel that a linear map was is a matrix in its file. What else a network's
/// file has otherwise, it reads itself: read(files, row, values) in the file's order.
class feature_weights {
  public:
    using storage = inference;
    explicit feature_weights(std::filesystem::path path) : path_(std::move(path)) {}

    template <class Model, class Memory> void fill(Model& model, Memory&) const {
        using network = typename Model::module_type;
        using A = typename Model::master_type;
        const tensor_files files(path_);
        std::set<std::string> known, used;
        for (const parameter_row& row : Model::table()) known.insert(row.name);
        std::vector<std::vector<A>> all;
        for (const parameter_row& row : Model::table()) {
            const std::vector<double> values = read<network>(files, row, known, used);
            std::vector<A> placed_values(row.size);
            for (std::size_t i = 0; i < row.size; ++i) placed_values[i] = static_cast<A>(values[place_in_file(row, i)]);
            all.push_back(std::move(placed_values));
        }
        for (const auto& [name, place] : files.names())
            require(used.contains(name) || left_out<network>(name), "{} has a tensor {}, which {} does not have",
                    files.file_of(name).path(), name, network::name);
        for (std::size_t i = 0; i < all.size(); ++i) model.set(Model::table()[i], all[i]);
    }

  private:
    /// The batch norm behind a parameter's convolution, where it has one: then the network has its bias.
    template <class Network> static std::string norm_of(const std::string& name) {
        if constexpr (requires { Network::norm_of(name); }) return Network::norm_of(name);
        else if constexpr (requires { Network::epsilon; }) {
            for (const std::string_view end : {".conv.weight", ".conv3d.weight", ".bn.bias"})
                if (name.ends_with(end)) return name.substr(0, name.size() - end.size()) + ".bn";
        }
        return "";
    }
    template <class Network> static bool left_out(const std::string& name) {
        if (name.ends_with(".num_batches_tracked")) return true;
        if constexpr (requires { Network::leaves_out(name); }) return Network::leaves_out(name);
        else return false;
    }
    static std::vector<double> tensor(const tensor_files& files, const std::string& name,
                                      std::vector<std::int64_t> shape, std::set<std::string>& used,
                                      double least = std::numeric_limits<double>::lowest()) {
        const safetensors_file& file = files.file_of(name);
        std::int64_t taps = 1;
        for (std::size_t i = 1; i < shape.size(); ++i) taps *= shape[i];
        if (shape.size() > 2 && file.tensor(name).shape.size() == 2) shape = {shape[0], taps}; // of a linear map
        used.insert(name);
        const std::vector<double> values = file.read<double>(name, shape);
        file.require_finite(name, std::span(values), 0, least);
        return values;
    }

    /// A parameter in its file's order.
    template <class Network>
    static std::vector<double> read(const tensor_files& files, const parameter_row& row,
                                    const std::set<std::string>& known, std::set<std::string>& used) {
        std::vector<double> values;
        if constexpr (requires { Network::read(files, row, values); })
            if (Network::read(files, row, values)) {
                for (const double one : values)
                    require(std::isfinite(one), "{}: {} is not finite ({})", files.path(), row.name, one);
                used.insert(row.name);
                return values;
            }
        const std::string norm = norm_of<Network>(row.name);
        const bool is_shift = row.name == norm + ".bias";
        if (!is_shift) values = tensor(files, row.name, row.shape, used);
        if (!known.contains(norm + ".bias")) return values;
        if constexpr (requires { Network::epsilon; }) {
            const auto of_norm = [&](const char* what, double least = std::numeric_limits<double>::lowest()) {
                return tensor(files, norm + "." + what, {row.shape[0]}, used, least);
            };
            std::vector<double> scale = of_norm("weight");
            const std::vector<double> variance = of_norm("running_var", 0);
            for (std::size_t c = 0; c < scale.size(); ++c) scale[c] /= std::sqrt(variance[c] + Network::epsilon);
            if (is_shift) {
                const std::vector<double> mean = of_norm("running_mean");
                values = of_norm("bias");
                for (std::size_t c = 0; c < values.size(); ++c) values[c] -= mean[c] * scale[c];
            } else {
                const std::size_t of_one = row.size / scale.size();
                for (std::size_t i = 0; i < values.size(); ++i) values[i] *= scale[i / of_one];
            }
        }
        return values;
    }

    std::filesystem::path path_;
};

} // namespace walt
