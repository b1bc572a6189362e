// safetensors files, written whole or not at all. Needs jansson (CMake: walt::io).
#pragma once

#include "atomic_file.hpp"
#include "safetensors.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace walt {

/// Collects tensors and writes them as one file, in the order they came; what add is given must live until save().
/// Equal contents give equal bytes.
class safetensors_writer {
  public:
    using write = std::function<void(std::span<const std::byte>)>;

    void metadata(const std::string& key, std::string value) { metadata_[key] = std::move(value); }

    /// A tensor of a type (a name such as "F16") and a shape, whose bytes are made when the file is written:
    /// produce(write) calls write(bytes) with one piece after another.
    void add(std::string name, std::string dtype, std::vector<std::int64_t> shape,
             std::function<void(const write&)> produce) {
        std::uint64_t size = 0;
        require(detail::dtype_size(dtype) != 0,
                "tensor {} cannot have elements of type {}, which safetensors does not have", name, dtype);
        require(detail::tensor_size(dtype, shape, size), "tensor {} cannot have shape {}", name,
                detail::shape_text(shape));
        require(name != "__metadata__", "a tensor cannot be named __metadata__: that name is the metadata's");
        tensors_.push_back({std::move(name), std::move(dtype), std::move(shape), size, std::move(produce)});
    }
    /// A tensor as its bytes, which must be as many as its type and shape need.
    void add(std::string name, std::string dtype, std::vector<std::int64_t> shape, std::span<const std::byte> bytes) {
        add(std::move(name), std::move(dtype), std::move(shape), [bytes](const write& put) { put(bytes); });
        const entry& tensor = tensors_.back();
        if (tensor.bytes == bytes.size()) return;
        const entry wrong = std::move(tensors_.back());
        tensors_.pop_back();
        const std::uint64_t each = detail::dtype_size(wrong.dtype);
        fail("tensor {} of shape {} has {} elements; {} were given", wrong.name, detail::shape_text(wrong.shape),
             wrong.bytes / each, bytes.size() / each);
    }
    /// A tensor of T, one of the types of dtype_name.
    template <class T> void add(std::string name, std::vector<std::int64_t> shape, std::span<const T> values) {
        add(std::move(name), std::string(dtype_name<T>()), std::move(shape), std::as_bytes(values));
    }
    /// The same of a vector that nobody else keeps: it lives on here.
    template <class T> void add(std::string name, std::vector<std::int64_t> shape, std::vector<T>&& values) {
        const auto kept = std::make_shared<const std::vector<T>>(std::move(values));
        add<T>(std::move(name), std::move(shape), std::span<const T>(*kept));
        tensors_.back().produce = [kept](const write& put) { put(std::as_bytes(std::span(*kept))); };
    }

    /// Replaces `path` whole or not at all.
    void save(const std::filesystem::path& path) const {
        std::string header = header_text(path.string());
        static_assert(safetensors_file::longest_header % 8 == 0);
        header.resize((header.size() + 7) / 8 * 8, ' ');
        const std::uint64_t length = header.size();
        atomic_file file(path);
        file.write(std::as_bytes(std::span(&length, 1)));
        file.write(header);
        for (const entry& tensor : tensors_) {
            std::uint64_t written = 0;
            tensor.produce([&](std::span<const std::byte> bytes) {
                file.write(bytes);
                written += bytes.size();
            });
            require(written == tensor.bytes, "{}: tensor {} of shape {} has {} bytes; {} were written", path.string(),
                    tensor.name, detail::shape_text(tensor.shape), tensor.bytes, written);
        }
        file.commit();
    }

  private:
    struct entry {
        std::string name, dtype;
        std::vector<std::int64_t> shape;
        std::uint64_t bytes;
        std::function<void(const write&)> produce;
    };

    std::string header_text(const std::string& path) const try {
        json_fields header, metadata;
        for (const auto& [key, value] : metadata_) metadata(key, value);
        if (!metadata_.empty()) header.member("__metadata__", metadata.text());
        std::set<std::string_view> names;
        std::uint64_t at = 0;
        for (const entry& tensor : tensors_) {
            require(names.insert(tensor.name).second, "{} cannot hold two tensors named {}", path, tensor.name);
            const std::array offsets{at, at + tensor.bytes};
            header.member(tensor.name,
                          json_fields()("dtype", tensor.dtype)("shape", tensor.shape)("data_offsets", offsets).text());
            at += tensor.bytes;
        }
        std::string text = header.text();
        json::check_size("its header", text); // as who reads it does
        return text;
    } catch (const error& problem) { // a name that is not UTF-8, or too much metadata
        fail("{} cannot be written: {}", path, problem.what());
    }

    std::map<std::string, std::string> metadata_;
    std::vector<entry> tensors_;
};

} // namespace walt
