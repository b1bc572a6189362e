// safetensors files: a strict reader and an atomic writer. Needs jansson (CMake: walt::io).
//
// Layout: 8 bytes, the header's length n (little-endian); n bytes of JSON; the tensors' bytes. The header maps a name
// to
// {"dtype", "shape", "data_offsets": [begin, end)}, offsets from the end of the header, and "__metadata__" to strings.
#pragma once

#include "../core/dtype.hpp"
#include "atomic_file.hpp"
#include "json.hpp"
#include "read_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace walt {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian, and so must the machine be");

namespace detail {
/// Bytes of an element, or 0 for a type that safetensors does not have.
inline std::uint64_t dtype_size(std::string_view dtype) {
    if (dtype == "F64" || dtype == "I64" || dtype == "U64") return 8;
    if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
    if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
    if (dtype == "U8" || dtype == "I8" || dtype == "BOOL") return 1;
    return 0;
}

inline std::string shape_text(std::span<const std::int64_t> shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

/// Bytes of a tensor; false where an extent is negative or they are too many to count.
inline bool tensor_size(std::string_view dtype, std::span<const std::int64_t> shape, std::uint64_t& bytes) {
    bytes = dtype_size(dtype);
    for (const std::int64_t extent : shape)
        if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes)) return false;
    return true;
}
} // namespace detail

/// A tensor in a file: what it is and its bytes, which live as long as the file object.
struct stored_tensor {
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> data;
};

/// A whole file, read and checked. Everything that is wrong with it is a walt::error that names the file and the
/// tensor.
class safetensors_file {
  public:
    static constexpr std::uint64_t longest_header = 100'000'000;

    explicit safetensors_file(const std::filesystem::path& path) : path_(path.string()), bytes_(read_file(path)) {
        require(bytes_.size() >= 8, "{} has {} bytes, fewer than the 8 that every safetensors file begins with", path_,
                bytes_.size());
        const std::span<const std::byte> after = std::span(bytes_).subspan(8);
        std::uint64_t header_size = 0;
        std::memcpy(&header_size, bytes_.data(), 8);
        require(header_size <= longest_header && header_size <= after.size(),
                "{} announces a header of {} bytes; the file has {} after the length, and {} are allowed", path_,
                header_size, after.size(), longest_header);
        data_ = after.subspan(static_cast<std::size_t>(header_size));
        const std::string_view header(reinterpret_cast<const char*>(after.data()),
                                      static_cast<std::size_t>(header_size));
        require(header.starts_with('{'), "{}'s header is not a JSON object: it does not begin with {{", path_);
        json::parse(path_ + "'s header", header).each([&](const std::string& name, const json& entry) {
            if (name == "__metadata__") read_metadata(entry);
            else read_entry(name, entry);
        });
        check_cover();
    }
    safetensors_file(safetensors_file&&) = default; // no copies: tensors are spans into the one block of bytes

    const std::string& path() const { return path_; }
    const std::map<std::string, std::string>& metadata() const { return metadata_; }
    const std::map<std::string, stored_tensor>& tensors() const { return tensors_; }
    bool contains(const std::string& name) const { return tensors_.contains(name); }
    /// The tensors' names, sorted.
    std::vector<std::string> names() const {
        std::vector<std::string> list;
        for (const auto& entry : tensors_) list.push_back(entry.first);
        return list;
    }

    const stored_tensor& tensor(const std::string& name) const {
        const auto at = tensors_.find(name);
        require(at != tensors_.end(), "{} has no tensor {}", path_, name);
        return at->second;
    }

    /// The numbers of a tensor of this shape, as T. Real types convert into each other (F64, F32, BF16); integers (I64,
    /// I32, U8) too, where every value fits.
    template <class T> std::vector<T> read(const std::string& name, std::span<const std::int64_t> shape) const {
        const stored_tensor& found = tensor(name);
        require(std::equal(shape.begin(), shape.end(), found.shape.begin(), found.shape.end()),
                "{}: tensor {} should have shape {} and has {}", path_, name, detail::shape_text(shape),
                detail::shape_text(found.shape));
        return read<T>(name);
    }
    /// The same, whatever its shape.
    template <class T> std::vector<T> read(const std::string& name) const {
        const stored_tensor& found = tensor(name);
        constexpr bool real = std::is_floating_point_v<T> || std::is_same_v<T, bf16>;
        if constexpr (real) {
            if (found.dtype == "F32") return convert<T, float>(name, found);
            if (found.dtype == "F64") return convert<T, double>(name, found);
            if (found.dtype == "BF16") return convert<T, bf16>(name, found);
        } else {
            if (found.dtype == "I64") return convert<T, std::int64_t>(name, found);
            if (found.dtype == "I32") return convert<T, std::int32_t>(name, found);
            if (found.dtype == "U8") return convert<T, std::uint8_t>(name, found);
        }
        fail("{}: tensor {} has elements of type {}; {} was expected", path_, name, found.dtype,
             real ? "F32, F64 or BF16" : "I64, I32 or U8");
    }

  private:
    void read_metadata(const json& entry) {
        require(entry.is_object(), "{}'s __metadata__ is not a JSON object", path_);
        entry.each([&](const std::string& key, const json& value) {
            require(value.is_string(), "{}'s metadata {} is not a string", path_, detail::excerpt(key));
            metadata_[key] = value.string();
        });
    }

    void read_entry(const std::string& name, const json& entry) {
        const auto bad = [&](const std::string& why) { fail("{}: tensor {} {}", path_, detail::excerpt(name), why); };
        const auto text = [](const json& value) { return detail::excerpt(value.text()); };
        const auto naturals = [&](const json& list) -> std::optional<std::vector<std::int64_t>> {
            std::vector<std::int64_t> values;
            for (std::size_t i = 0; list.is_array() && i < list.size() && list[i].natural(); ++i)
                values.push_back(*list[i].natural());
            if (!list.is_array() || values.size() != list.size()) return {};
            return values;
        };
        if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
            !entry.contains("data_offsets"))
            bad("is not described by exactly dtype, shape and data_offsets");
        const json dtype = entry["dtype"];
        const auto shape = naturals(entry["shape"]), offsets = naturals(entry["data_offsets"]);
        if (detail::dtype_size(dtype.string()) == 0) bad("has an unknown dtype, " + text(dtype));
        if (!shape) bad("has a shape that is no list of natural numbers: " + text(entry["shape"]));
        if (!offsets || offsets->size() != 2)
            bad("has data_offsets that are no pair of natural numbers: " + text(entry["data_offsets"]));
        const auto begin = static_cast<std::uint64_t>((*offsets)[0]), end = static_cast<std::uint64_t>((*offsets)[1]);
        if (begin > end || end > data_.size())
            bad(fmt::format("lies at bytes {} to {} of the {} that the file has", begin, end, data_.size()));
        stored_tensor tensor{dtype.string(), *shape,
                             data_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))};
        std::uint64_t size = 0;
        if (!detail::tensor_size(tensor.dtype, tensor.shape, size))
            bad("has a shape too large to count: " + detail::shape_text(*shape));
        if (size != end - begin)
            bad(fmt::format("of shape {} and type {} needs {} bytes and has {}", detail::shape_text(*shape),
                            tensor.dtype, size, end - begin));
        tensors_.emplace(name, std::move(tensor));
    }

    /// The tensors, put side by side, are the data: no byte belongs to two or to none.
    void check_cover() const {
        std::vector<const std::pair<const std::string, stored_tensor>*> order;
        for (const auto& entry : tensors_) order.push_back(&entry);
        const auto begin = [&](const auto* entry) { return entry->second.data.data() - data_.data(); };
        const auto end = [&](const auto* entry) { return begin(entry) + std::ssize(entry->second.data); };
        std::sort(order.begin(), order.end(), [&](const auto* a, const auto* b) {
            return std::pair(begin(a), end(a)) < std::pair(begin(b), end(b));
        });
        std::ptrdiff_t next = 0;
        for (const auto* entry : order) {
            const std::string name = detail::excerpt(entry->first);
            require(begin(entry) >= next,
                    "{}: tensor {} shares its bytes: it begins at byte {}, inside the one before it, which ends at {}",
                    path_, name, begin(entry), next);
            require(begin(entry) == next, "{}: bytes {} to {}, before tensor {}, belong to no tensor", path_, next,
                    begin(entry), name);
            next = end(entry);
        }
        require(next == std::ssize(data_), "{} has {} bytes of tensors, but its header accounts for {}", path_,
                data_.size(), next);
    }

    template <class T, class Stored> std::vector<T> convert(const std::string& name, const stored_tensor& from) const {
        std::vector<T> values(from.data.size() / sizeof(Stored));
        for (std::size_t i = 0; i < values.size(); ++i) {
            Stored one;
            std::memcpy(&one, from.data.data() + i * sizeof(Stored), sizeof(Stored));
            if constexpr (std::is_integral_v<T>)
                require(std::in_range<T>(one),
                        "{}: element {} of tensor {} is {}, which does not fit where it is read to", path_, i, name,
                        one);
            if constexpr (std::is_same_v<Stored, bf16> && !std::is_same_v<T, bf16>)
                values[i] = static_cast<T>(static_cast<float>(one));
            else values[i] = static_cast<T>(one);
        }
        return values;
    }

    std::string path_;
    std::vector<std::byte> bytes_;
    std::span<const std::byte> data_; // of bytes_, what comes after the header
    std::map<std::string, std::string> metadata_;
    std::map<std::string, stored_tensor> tensors_;
};

/// Collects tensors and writes them as one file, in the order they came. Spans must live until save(). Equal contents
/// give equal bytes.
class safetensors_writer {
  public:
    void metadata(const std::string& key, std::string value) { metadata_[key] = std::move(value); }

    /// A tensor as its bytes, which must be as many as its type (a name such as "F16") and shape need.
    void add(std::string name, std::string dtype, std::vector<std::int64_t> shape, std::span<const std::byte> bytes) {
        std::uint64_t size = 0;
        require(detail::dtype_size(dtype) != 0,
                "tensor {} cannot have elements of type {}, which safetensors does not have", name, dtype);
        require(detail::tensor_size(dtype, shape, size), "tensor {} cannot have shape {}", name,
                detail::shape_text(shape));
        require(size == bytes.size(), "tensor {} of shape {} has {} elements; {} were given", name,
                detail::shape_text(shape), size / detail::dtype_size(dtype), bytes.size() / detail::dtype_size(dtype));
        require(name != "__metadata__", "a tensor cannot be named __metadata__: that name is the metadata's");
        tensors_.push_back({std::move(name), std::move(dtype), std::move(shape), bytes});
    }
    /// A tensor of T, one of the types of dtype_name.
    template <class T> void add(std::string name, std::vector<std::int64_t> shape, std::span<const T> values) {
        add(std::move(name), std::string(dtype_name<T>()), std::move(shape), std::as_bytes(values));
    }

    /// Replaces `path` whole or not at all.
    void save(const std::filesystem::path& path) const {
        std::string header = header_text(path.string());
        header.resize((header.size() + 7) / 8 * 8, ' ');
        require(header.size() <= safetensors_file::longest_header, "{} would have a header of {} bytes; {} are allowed",
                path.string(), header.size(), safetensors_file::longest_header);
        const std::uint64_t length = header.size();
        atomic_file file(path);
        file.write(std::as_bytes(std::span(&length, 1)));
        file.write(header);
        for (const entry& tensor : tensors_) file.write(tensor.data);
        file.commit();
    }

  private:
    struct entry {
        std::string name, dtype;
        std::vector<std::int64_t> shape;
        std::span<const std::byte> data;
    };

    std::string header_text(const std::string& path) const try {
        json_fields header, metadata;
        for (const auto& [key, value] : metadata_) metadata(key, value);
        if (!metadata_.empty()) header.member("__metadata__", metadata.text());
        std::set<std::string_view> names;
        std::uint64_t at = 0;
        for (const entry& tensor : tensors_) {
            require(names.insert(tensor.name).second, "{} cannot hold two tensors named {}", path, tensor.name);
            const std::array offsets{at, at + tensor.data.size()};
            header.member(tensor.name,
                          json_fields()("dtype", tensor.dtype)("shape", tensor.shape)("data_offsets", offsets).text());
            at += tensor.data.size();
        }
        return header.text();
    } catch (const error& problem) { // a name that is not UTF-8
        fail("{} cannot be written: {}", path, problem.what());
    }

    std::map<std::string, std::string> metadata_;
    std::vector<entry> tensors_;
};

} // namespace walt
