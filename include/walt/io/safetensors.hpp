// safetensors files: a strict reader and an atomic writer. Needs nlohmann-json (CMake: walt::io).
//
// Layout: 8 bytes, the header's length n (little-endian); n bytes of JSON; the tensors' bytes. The header maps a name to
// {"dtype", "shape", "data_offsets": [begin, end)}, offsets from the end of the header, and "__metadata__" to strings.
#pragma once

#include "../core/dtype.hpp"
#include "../core/error.hpp"
#include "atomic_file.hpp"

#include <nlohmann/json.hpp>

#include <bit>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace walt {

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

/// Accepts JSON as the parser reads it, but no more than `depth` levels deep and no key twice in one object.
class bounded_json {
  public:
    static constexpr int depth = 8;
    explicit bounded_json(std::string what) : what_(std::move(what)) {}

    nlohmann::json parse(std::string_view text) {
        const auto check = [this](int level, nlohmann::json::parse_event_t event, nlohmann::json& value) {
            using kind = nlohmann::json::parse_event_t;
            require(level <= depth, what_, " nests deeper than ", depth, " levels");
            if (event == kind::object_start) keys_.emplace_back();
            if (event == kind::object_end) keys_.pop_back();
            if (event == kind::key)
                require(keys_.back().insert(value.get<std::string>()).second, what_, " names ", value.get<std::string>(), " twice");
            return true;
        };
        try {
            return nlohmann::json::parse(text, check);
        } catch (const nlohmann::json::exception& problem) {
            fail(what_, " is not valid JSON: ", problem.what());
        }
    }

  private:
    std::string what_;
    std::vector<std::set<std::string>> keys_;
};
} // namespace detail

/// A tensor in a file: what it is and its bytes, which live as long as the file object.
struct stored_tensor {
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> data;
};

/// A whole file, read and checked. Everything that is wrong with it is a walt::error that names the file and the tensor.
class safetensors_file {
  public:
    static constexpr std::uint64_t longest_header = 100'000'000;

    explicit safetensors_file(const std::filesystem::path& path) : path_(path.string()) {
        std::ifstream file(path, std::ios::binary | std::ios::ate);
        require(file.good(), path_, " cannot be opened for reading");
        const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(0, file.tellg()));
        require(size >= 8, path_, " has ", size, " bytes, fewer than the 8 that every safetensors file begins with");
        file.seekg(0);
        std::uint64_t header_size = 0;
        char length[8];
        file.read(length, 8);
        for (int i = 7; i >= 0; --i) header_size = header_size << 8 | static_cast<unsigned char>(length[i]);
        require(header_size <= longest_header && header_size <= size - 8, path_, " announces a header of ", header_size,
                " bytes; the file has ", size - 8, " after the length, and ", longest_header, " are allowed");
        bytes_.resize(static_cast<std::size_t>(size - 8));
        file.read(reinterpret_cast<char*>(bytes_.data()), static_cast<std::streamsize>(bytes_.size()));
        require(file.gcount() == static_cast<std::streamsize>(bytes_.size()), path_, " could not be read to its end");

        const std::string_view header(reinterpret_cast<const char*>(bytes_.data()), static_cast<std::size_t>(header_size));
        const std::span<const std::byte> data = std::span(bytes_).subspan(static_cast<std::size_t>(header_size));
        const nlohmann::json json = detail::bounded_json(path_ + "'s header").parse(header);
        require(json.is_object(), path_, "'s header is not a JSON object");
        std::map<std::uint64_t, std::pair<std::uint64_t, std::string>> ranges; // begin -> (end, name) of what has bytes
        for (const auto& [name, entry] : json.items()) {
            if (name == "__metadata__") read_metadata(entry);
            else read_entry(name, entry, data, ranges);
        }
        std::uint64_t next = 0;
        for (const auto& [begin, range] : ranges) {
            require(begin >= next, path_, ": tensor ", range.second, " begins at byte ", begin, ", inside the one before it, which ends at ", next);
            require(begin == next, path_, ": bytes ", next, " to ", begin, ", before tensor ", range.second, ", belong to no tensor");
            next = range.first;
        }
        require(next == data.size(), path_, " has ", data.size(), " bytes of tensors, but its header accounts for ", next);
    }

    const std::string& path() const { return path_; }
    const std::map<std::string, std::string>& metadata() const { return metadata_; }
    const std::map<std::string, stored_tensor>& tensors() const { return tensors_; }
    bool contains(const std::string& name) const { return tensors_.contains(name); }

    const stored_tensor& tensor(const std::string& name) const {
        const auto at = tensors_.find(name);
        require(at != tensors_.end(), path_, " has no tensor ", name);
        return at->second;
    }

    /// The numbers of a tensor of this shape, as T. Real types convert into each other (F64, F32, BF16), integers too.
    template <class T> std::vector<T> read(const std::string& name, std::span<const std::int64_t> shape) const {
        const stored_tensor& found = tensor(name);
        require(std::equal(shape.begin(), shape.end(), found.shape.begin(), found.shape.end()), path_, ": tensor ", name, " should have shape ",
                detail::shape_text(shape), " and has ", detail::shape_text(found.shape));
        return read<T>(name);
    }
    /// The same, whatever its shape.
    template <class T> std::vector<T> read(const std::string& name) const {
        const stored_tensor& found = tensor(name);
        constexpr bool real = std::is_floating_point_v<T> || std::is_same_v<T, bf16>;
        if constexpr (real) {
            if (found.dtype == "F32") return convert<T, float>(found);
            if (found.dtype == "F64") return convert<T, double>(found);
            if (found.dtype == "BF16") return convert<T, bf16>(found);
        } else {
            if (found.dtype == "I64") return convert<T, std::int64_t>(found);
            if (found.dtype == "I32") return convert<T, std::int32_t>(found);
            if (found.dtype == "U8") return convert<T, std::uint8_t>(found);
        }
        fail(path_, ": tensor ", name, " has elements of type ", found.dtype, "; ", real ? "F32, F64 or BF16" : "I64, I32 or U8", " was expected");
    }

  private:
    void read_metadata(const nlohmann::json& entry) {
        require(entry.is_object(), path_, "'s __metadata__ is not a JSON object");
        for (const auto& [key, value] : entry.items()) {
            require(value.is_string(), path_, "'s metadata ", key, " is not a string");
            metadata_[key] = value.get<std::string>();
        }
    }

    void read_entry(const std::string& name, const nlohmann::json& entry, std::span<const std::byte> data,
                    std::map<std::uint64_t, std::pair<std::uint64_t, std::string>>& ranges) {
        const auto bad = [&](const auto&... why) { fail(path_, ": tensor ", name, " ", why...); };
        const auto is_natural = [](const nlohmann::json& value) { return value.is_number_unsigned(); };
        if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets"))
            bad("is not described by exactly dtype, shape and data_offsets");
        const auto &dtype = entry["dtype"], &shape = entry["shape"], &offsets = entry["data_offsets"];
        if (!dtype.is_string() || detail::dtype_size(dtype.get<std::string>()) == 0) bad("has an unknown dtype, ", dtype.dump());
        if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), is_natural)) bad("has a shape that is no list of natural numbers: ", shape.dump());
        if (!offsets.is_array() || offsets.size() != 2 || !std::all_of(offsets.begin(), offsets.end(), is_natural))
            bad("has data_offsets that are no pair of natural numbers: ", offsets.dump());
        const auto begin = offsets[0].get<std::uint64_t>(), end = offsets[1].get<std::uint64_t>();
        if (begin > end || end > data.size()) bad("lies at bytes ", begin, " to ", end, " of the ", data.size(), " that the file has");
        std::uint64_t size = detail::dtype_size(dtype.get<std::string>());
        std::vector<std::int64_t> extents;
        for (const auto& extent : shape) {
            const auto count = extent.get<std::uint64_t>();
            extents.push_back(static_cast<std::int64_t>(count));
            if (count > (std::uint64_t{1} << 62) || (count > 0 && size > (std::uint64_t{1} << 62) / count)) bad("has a shape too large to count: ", shape.dump());
            size *= count;
        }
        if (size != end - begin) bad("of shape ", shape.dump(), " and type ", dtype.get<std::string>(), " needs ", size, " bytes and has ", end - begin);
        if (size > 0) {
            const auto [other, is_new] = ranges.try_emplace(begin, end, name);
            if (!is_new) bad("shares its bytes with ", other->second.second);
        }
        tensors_[name] = {dtype.get<std::string>(), std::move(extents), data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size))};
    }

    template <class T, class Stored> static std::vector<T> convert(const stored_tensor& from) {
        static_assert(std::endian::native == std::endian::little, "safetensors are little-endian, and so must the machine be");
        std::vector<T> values(from.data.size() / sizeof(Stored));
        for (std::size_t i = 0; i < values.size(); ++i) {
            Stored one;
            std::memcpy(&one, from.data.data() + i * sizeof(Stored), sizeof(Stored));
            if constexpr (std::is_same_v<Stored, bf16> && !std::is_same_v<T, bf16>) values[i] = static_cast<T>(static_cast<float>(one));
            else values[i] = static_cast<T>(one);
        }
        return values;
    }

    std::string path_;
    std::vector<std::byte> bytes_;
    std::map<std::string, std::string> metadata_;
    std::map<std::string, stored_tensor> tensors_;
};

/// Collects tensors and writes them as one file. Spans must live until save(). Equal contents give equal bytes.
class safetensors_writer {
  public:
    void metadata(const std::string& key, std::string value) { metadata_[key] = std::move(value); }

    template <class T> void add(std::string name, std::vector<std::int64_t> shape, std::span<const T> values) {
        std::int64_t count = 1;
        for (const std::int64_t extent : shape) count *= extent;
        require(count == static_cast<std::int64_t>(values.size()), "tensor ", name, " of shape ", detail::shape_text(shape), " has ", count,
                " elements; ", values.size(), " were given");
        tensors_.push_back({std::move(name), std::string(dtype_name<T>()), std::move(shape), std::as_bytes(values)});
    }

    /// Replaces `path` whole or not at all.
    void save(const std::filesystem::path& path) const {
        nlohmann::ordered_json header = nlohmann::ordered_json::object();
        if (!metadata_.empty()) header["__metadata__"] = metadata_;
        std::uint64_t at = 0;
        for (const entry& tensor : tensors_) {
            require(!header.contains(tensor.name), path.string(), " cannot hold two tensors named ", tensor.name);
            header[tensor.name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {at, at + tensor.data.size()}}};
            at += tensor.data.size();
        }
        std::string text = header.dump();
        text.resize((text.size() + 7) / 8 * 8, ' ');
        char length[8];
        for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i));
        atomic_file file(path);
        file.write(length, 8);
        file.write(text);
        for (const entry& tensor : tensors_) file.write(tensor.data.data(), tensor.data.size());
        file.commit();
    }

  private:
    struct entry {
        std::string name, dtype;
        std::vector<std::int64_t> shape;
        std::span<const std::byte> data;
    };
    std::map<std::string, std::string> metadata_;
    std::vector<entry> tensors_;
};

} // namespace walt
