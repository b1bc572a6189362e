// Weights of networks that others have trained (Hugging Face's safetensors), by their own names: one file, or several
// with an index. Needs jansson (CMake: walt::io).
#pragma once

#include "folders.hpp"
#include "weights.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace walt {

/// The tensors of a safetensors file, of the files that an index names (model.safetensors.index.json: "weight_map"
/// says in which file each tensor lies), or of a folder with either: the index, else model.safetensors. Whatever is
/// wrong with them is a walt::error that names file and tensor.
class tensor_files {
  public:
    explicit tensor_files(std::filesystem::path path) {
        if (is_folder(path)) {
            const std::filesystem::path index = path / "model.safetensors.index.json";
            path = is_there(index) ? index : path / "model.safetensors";
        }
        path_ = path.string();
        if (path.extension() == ".json") read_index(path);
        else {
            files_.emplace_back(path);
            for (const auto& [name, stored] : files_.front().tensors()) place_[name] = 0;
        }
    }

    const std::string& path() const { return path_; }
    /// The file that has a tensor.
    const safetensors_file& file_of(const std::string& name) const {
        const auto at = place_.find(name);
        require(at != place_.end(), "{} has no tensor {}", path_, name);
        return files_[at->second];
    }
    /// Every tensor's name with the number of its file, sorted.
    const std::map<std::string, std::size_t>& names() const { return place_; }

  private:
    void read_index(const std::filesystem::path& path) {
        const std::vector<std::byte> bytes = read_file(path);
        const json index =
            json::parse(path_, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
        const json map = index["weight_map"];
        require(map.is_object() && map.size() > 0, "{} has no weight_map that says which file has which tensor", path_);
        std::map<std::string, std::size_t> opened;
        map.each([&](const std::string& name, const json& value) {
            const std::string file = value.string();
            require(!file.empty() && std::filesystem::path(file).filename() == file,
                    "{} says that tensor {} lies in {}, which is no name of a file beside it", path_,
                    detail::excerpt(name), detail::excerpt(value.text()));
            if (!opened.contains(file)) {
                opened[file] = files_.size();
                files_.emplace_back(path.parent_path() / file);
            }
            const std::size_t at = opened[file];
            require(files_[at].contains(name), "{} says that tensor {} lies in {}, which does not have it", path_,
                    detail::excerpt(name), file);
            place_[name] = at;
        });
        for (const safetensors_file& file : files_)
            for (const auto& [name, stored] : file.tensors())
                require(place_.contains(name), "{} has a tensor {}, which {} does not name", file.path(), name, path_);
    }

    std::string path_;
    std::vector<safetensors_file> files_;
    std::map<std::string, std::size_t> place_;
};

namespace detail {
template <class Model> void read_pretrained(const std::filesystem::path& path, Model& model, bool whole) {
    using A = typename Model::master_type;
    const tensor_files from(path);
    std::set<std::string> known;
    for (const parameter_row& row : Model::table()) {
        from.file_of(row.name).template check<A>(row.name, row.shape);
        known.insert(row.name);
    }
    for (const auto& [name, place] : from.names())
        require(known.contains(name) || Model::module_type::leaves_out(name),
                "{} has a tensor {}, which this model does not have", from.file_of(name).path(), name);
    set_parameters(
        model, [&](const std::string& name) -> const safetensors_file& { return from.file_of(name); }, whole);
}
} // namespace detail

/// Reads a model's masters by the names of its parameters (F32, F64, BF16 or F16). Every one must be there with its
/// shape and finite numbers, and everything else must be what the module `leaves_out(name)`; otherwise walt::error says
/// which tensor is wrong and the model stays as it was.
template <class Model> void load_pretrained(const std::filesystem::path& path, Model& model) {
    detail::read_pretrained(path, model, true);
}

/// network_encoder(device, t5<presets::t5_v1_1_xl>{}, compute<bf16>, pretrained_weights("t5-v1_1-xl"), ...): what
/// load_pretrained reads, for inference.
class pretrained_weights {
  public:
    using storage = inference;
    explicit pretrained_weights(std::filesystem::path path) : path_(std::move(path)) {}
    template <class Model, class Memory> void fill(Model& model, Memory&) const {
        detail::read_pretrained(path_, model, false);
    }

  private:
    std::filesystem::path path_;
};

} // namespace walt
