// IDX files, the format of MNIST and Fashion-MNIST: unsigned bytes with their extents, gzipped or plain.
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

#include <zlib.h>

namespace walt {

/// An array of unsigned bytes, row-major.
struct idx_array {
    std::vector<std::int64_t> extents;
    std::vector<std::uint8_t> values;
};

namespace detail {
class gzip_reader {
  public:
    explicit gzip_reader(const std::filesystem::path& path) : name_(path.string()) {
        std::error_code absent; // zlib would wait for a pipe
        if (std::filesystem::is_regular_file(path, absent)) file_ = gzopen(name_.c_str(), "rb");
        require(file_ != nullptr, "the IDX file '{}' cannot be opened", name_);
    }
    gzip_reader(const gzip_reader&) = delete;
    gzip_reader& operator=(const gzip_reader&) = delete;
    ~gzip_reader() { gzclose_r(file_); }

    /// Appends up to `count` bytes, fewer only where the file ends. Memory grows with what really came.
    void read(std::vector<std::uint8_t>& to, std::size_t count) {
        constexpr std::size_t piece = std::size_t{1} << 20;
        while (count > 0) {
            const std::size_t before = to.size(), wanted = std::min(count, piece);
            to.resize(before + wanted);
            const int came = gzread(file_, to.data() + before, static_cast<unsigned>(wanted));
            int status = Z_OK;
            gzerror(file_, &status); // a stream that ends too early is a short read with Z_BUF_ERROR
            require(came >= 0 && (status == Z_OK || status == Z_STREAM_END),
                    "the gzip stream of the IDX file '{}' is damaged or cut off", name_);
            to.resize(before + static_cast<std::size_t>(came));
            count -= static_cast<std::size_t>(came);
            if (static_cast<std::size_t>(came) < wanted) return;
        }
    }

  private:
    std::string name_;
    gzFile file_ = nullptr;
};
} // namespace detail

/// Most bytes of values of a file, and of a small one: a gzip stream could have a thousand for each of its own.
inline constexpr std::uint64_t idx_bytes_a_byte = 100, idx_bytes_of_any_file = std::uint64_t{1} << 26;

/// Reads an IDX file whose elements are unsigned bytes and whose values have `rank` axes. Everything that the header
/// claims is checked against the bytes that came. Throws walt::error.
inline idx_array read_idx(const std::filesystem::path& path, int rank) {
    const std::string name = path.string();
    detail::gzip_reader file(path);
    std::vector<std::uint8_t> head;
    const std::size_t head_size = 4 + 4 * static_cast<std::size_t>(rank);
    file.read(head, head_size);
    require(head.size() >= 4 && head[0] == 0 && head[1] == 0, "'{}' is not an IDX file: its first two bytes are not 0",
            name);
    require(head[2] == 0x08, "the IDX file '{}' has elements of type {}; only unsigned bytes (8) are read", name,
            int{head[2]});
    require(head[3] == rank, "the IDX file '{}' should have {} axes; it has {}", name, rank, int{head[3]});
    require(head.size() == head_size, "the IDX file '{}' ends inside of its header", name);

    idx_array array;
    std::uint64_t count = 1;
    for (std::size_t at = 4; at < head_size; at += 4) {
        const std::uint32_t extent = std::uint32_t{head[at]} << 24 | std::uint32_t{head[at + 1]} << 16 |
                                     std::uint32_t{head[at + 2]} << 8 | std::uint32_t{head[at + 3]};
        require(extent > 0, "the IDX file '{}' has an axis of extent 0", name);
        require(count <= std::uint64_t{std::numeric_limits<std::int64_t>::max()} / extent,
                "the extents of the IDX file '{}' are too large", name);
        count *= extent;
        array.extents.push_back(extent);
    }
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(path, problem);
    require(!problem, "the system does not say how many bytes the IDX file '{}' has: {}", name, problem.message());
    const std::uint64_t allowed = std::max(idx_bytes_of_any_file, idx_bytes_a_byte * size);
    require(count <= allowed,
            "the IDX file '{}' says that it has {} bytes of values; of a file of its size at most {} are "
            "read",
            name, count, allowed);
    file.read(array.values, static_cast<std::size_t>(count));
    require(array.values.size() == count, "the IDX file '{}' should hold {} bytes of values; it holds {}", name, count,
            array.values.size());
    std::vector<std::uint8_t> rest;
    file.read(rest, 1);
    require(rest.empty(), "the IDX file '{}' goes on after its {} bytes of values", name, count);
    return array;
}

} // namespace walt
