// safetensors files, read tensor by tensor, strictly, a piece of a tensor at a time whatever the size of the file.
// Needs jansson (CMake: walt::io). They are written by safetensors_writer.hpp.
//
// Layout: 8 bytes, the header's length n (little-endian); n bytes of JSON; the tensors' bytes. The header maps a name
// to
// {"dtype", "shape", "data_offsets": [begin, end)}, offsets from the end of the header, and "__metadata__" to strings.
#pragma once

#include "../core/dtype.hpp"
#include "json.hpp"
#include "read_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
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

/// IEEE's 16-bit float, as files may have it: 5 bits of exponent, 10 of mantissa.
struct half {
    std::uint16_t bits;

    explicit operator float() const {
        const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, mantissa = bits & 0x3ffu;
        if (exponent == 0) return std::copysign(static_cast<float>(mantissa) * 0x1p-24f, sign ? -1.0f : 1.0f);
        const std::uint32_t shifted = exponent == 31 ? 255 : exponent + 112;
        return walt::bit_cast<float>(sign | shifted << 23 | mantissa << 13);
    }
};
} // namespace detail

/// A tensor in a file: what it is, and where it lies behind the header.
struct stored_tensor {
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::uint64_t begin, bytes;

    std::uint64_t end() const { return begin + bytes; }
    std::uint64_t elements() const { return bytes / detail::dtype_size(dtype); }
};

/// A file whose header is read and checked, against its size too; tensors are read as they are asked for, by any number
/// of threads. Everything that is wrong with it is a walt::error that names the file and the tensor.
class safetensors_file {
  public:
    static constexpr std::uint64_t longest_header = json::longest;

    explicit safetensors_file(const std::filesystem::path& path) : file_(path), path_(file_.path()) {
        require(file_.size() >= 8, "{} has {} bytes, fewer than the 8 that every safetensors file begins with", path_,
                file_.size());
        std::uint64_t header_size = 0;
        file_.read(0, std::as_writable_bytes(std::span(&header_size, 1)));
        const std::uint64_t after = file_.size() - 8;
        require(header_size <= longest_header && header_size <= after,
                "{} announces a header of {} bytes; the file has {} after the length, and {} are allowed", path_,
                header_size, after, longest_header);
        begin_ = 8 + header_size;
        std::string header(static_cast<std::size_t>(header_size), ' ');
        file_.read(8, std::as_writable_bytes(std::span(header)));
        require(header.starts_with('{'), "{}'s header is not a JSON object: it does not begin with {{", path_);
        json::parse(path_ + "'s header", header).each([&](const std::string& name, const json& entry) {
            if (name == "__metadata__") read_metadata(entry);
            else read_entry(name, entry);
        });
        check_cover();
    }

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

    /// Refuses a tensor that is absent, has another shape, or whose elements do not convert into T. Real types convert
    /// into each other (F64, F32, BF16, F16); integers (I64, I32, U8) too, where every value fits.
    template <class T> const stored_tensor& check(const std::string& name, std::span<const std::int64_t> shape) const {
        const stored_tensor& found = check<T>(name);
        require(std::equal(shape.begin(), shape.end(), found.shape.begin(), found.shape.end()),
                "{}: tensor {} should have shape {} and has {}", path_, name, detail::shape_text(shape),
                detail::shape_text(found.shape));
        return found;
    }
    template <class T> const stored_tensor& check(const std::string& name) const {
        constexpr std::array reals{"F32", "F64", "BF16", "F16"}, integers{"I64", "I32", "U8", ""};
        constexpr auto types = real<T> ? reals : integers;
        const stored_tensor& found = tensor(name);
        require(std::find(types.begin(), types.end(), found.dtype) != types.end(),
                "{}: tensor {} has elements of type {}; {} was expected", path_, name, found.dtype,
                real<T> ? "F32, F64, BF16 or F16" : "I64, I32 or U8");
        return found;
    }

    /// A tensor's numbers from element `first` on, as many as there is room for, as T.
    template <class T> void read_into(const std::string& name, std::span<T> values, std::uint64_t first = 0) const {
        const stored_tensor& found = check<T>(name);
        require(first <= found.elements() && values.size() <= found.elements() - first,
                "{}: tensor {} has {} elements; {} from element {} on were asked for", path_, name, found.elements(),
                values.size(), first);
        if (found.dtype == "F32") convert<float>(name, found, first, values);
        if (found.dtype == "F64") convert<double>(name, found, first, values);
        if (found.dtype == "BF16") convert<bf16>(name, found, first, values);
        if (found.dtype == "F16") convert<detail::half>(name, found, first, values);
        if (found.dtype == "I64") convert<std::int64_t>(name, found, first, values);
        if (found.dtype == "I32") convert<std::int32_t>(name, found, first, values);
        if (found.dtype == "U8") convert<std::uint8_t>(name, found, first, values);
    }
    /// Refuses numbers of a tensor, read from element `first` on, that are not finite, or below `least`.
    template <class T>
    void require_finite(const std::string& name, std::span<const T> values, std::uint64_t first = 0,
                        double least = -std::numeric_limits<double>::max()) const {
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto value = static_cast<double>(values[i]);
            require(std::isfinite(value) && value >= least, "{}: element {} of tensor {} is {}, where {} is needed",
                    path_, first + i, name, value, least == 0 ? "a finite number of 0 or more" : "a finite number");
        }
    }
    /// All numbers of a tensor, whatever its shape, or of this shape.
    template <class T> std::vector<T> read(const std::string& name) const {
        std::vector<T> values(static_cast<std::size_t>(check<T>(name).elements()));
        read_into(name, std::span(values));
        return values;
    }
    template <class T> std::vector<T> read(const std::string& name, std::span<const std::int64_t> shape) const {
        check<T>(name, shape);
        return read<T>(name);
    }
    /// The bytes of a tensor, whatever its type.
    std::vector<std::byte> bytes(const std::string& name) const {
        const stored_tensor& found = tensor(name);
        std::vector<std::byte> all(static_cast<std::size_t>(found.bytes));
        file_.read(begin_ + found.begin, all);
        return all;
    }

  private:
    template <class T> static constexpr bool real = std::is_floating_point_v<T> || std::is_same_v<T, bf16>;

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
        if (begin > end || end > data_size())
            bad(fmt::format("lies at bytes {} to {} of the {} that the file has", begin, end, data_size()));
        stored_tensor tensor{dtype.string(), *shape, begin, end - begin};
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
        std::sort(order.begin(), order.end(), [&](const auto* a, const auto* b) {
            return std::pair(a->second.begin, a->second.end()) < std::pair(b->second.begin, b->second.end());
        });
        std::uint64_t next = 0;
        for (const auto* entry : order) {
            const std::uint64_t begin = entry->second.begin;
            const std::string name = detail::excerpt(entry->first);
            require(begin >= next,
                    "{}: tensor {} shares its bytes: it begins at byte {}, inside the one before it, which ends at {}",
                    path_, name, begin, next);
            require(begin == next, "{}: bytes {} to {}, before tensor {}, belong to no tensor", path_, next, begin,
                    name);
            next = entry->second.end();
        }
        require(next == data_size(), "{} has {} bytes of tensors, but its header accounts for {}", path_, data_size(),
                next);
    }

    template <class Stored, class T>
    void convert(const std::string& name, const stored_tensor& from, std::uint64_t first, std::span<T> values) const {
        const std::uint64_t at = begin_ + from.begin + first * sizeof(Stored);
        if constexpr (std::is_same_v<Stored, T>) file_.read(at, std::as_writable_bytes(values));
        else if constexpr (real<T> == (real<Stored> || std::is_same_v<Stored, detail::half>)) {
            std::vector<Stored> piece(std::min<std::size_t>(values.size(), std::size_t{1} << 16));
            for (std::size_t done = 0; done < values.size(); done += piece.size()) {
                piece.resize(std::min(piece.size(), values.size() - done));
                file_.read(at + done * sizeof(Stored), std::as_writable_bytes(std::span(piece)));
                for (std::size_t i = 0; i < piece.size(); ++i) {
                    if constexpr (std::is_integral_v<T>)
                        require(std::in_range<T>(piece[i]),
                                "{}: element {} of tensor {} is {}, which does not fit where it is read to", path_,
                                first + done + i, name, piece[i]);
                    if constexpr (std::is_integral_v<T> || std::is_floating_point_v<Stored>)
                        values[done + i] = static_cast<T>(piece[i]);
                    else values[done + i] = static_cast<T>(static_cast<float>(piece[i]));
                }
            }
        }
    }

    std::uint64_t data_size() const { return file_.size() - begin_; }

    opened_file file_;
    std::string path_;
    std::uint64_t begin_ = 0; ///< of the tensors, in the file
    std::map<std::string, std::string> metadata_;
    std::map<std::string, stored_tensor> tensors_;
};

} // namespace walt
