// TensorBoard's event files: scalars, images, videos as GIF, and texts by step. A file is TFRecords (length, masked
// CRC-32C of it, bytes, masked CRC-32C of these), each a protobuf message Event (tensorflow/core/util/event.proto,
// framework/summary.proto), of which a handful of fields is written here by hand.
#pragma once

#include "append_file.hpp"
#include "gif.hpp"
#include "png.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace walt {

namespace detail {

/// CRC-32C (Castagnoli), bit-reversed, as iSCSI has it.
inline std::uint32_t crc32c(std::string_view bytes) {
    static constexpr auto table = [] {
        std::array<std::uint32_t, 256> made{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            made[i] = i;
            for (int bit = 0; bit < 8; ++bit) made[i] = made[i] >> 1 ^ (made[i] & 1 ? 0x82f63b78u : 0);
        }
        return made;
    }();
    std::uint32_t crc = ~0u;
    for (const char c : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 255];
    return ~crc;
}

/// A number's bytes, the least first.
template <class T> std::string little_endian(T value) {
    static_assert(std::endian::native == std::endian::little);
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// The bytes as a TFRecord. CRCs are masked, since those of data that holds CRCs are weak.
inline std::string tf_record(std::string_view bytes) {
    const auto masked = [](std::string_view of) { return little_endian(std::rotr(crc32c(of), 15) + 0xa282ead8u); };
    const std::string length = little_endian(static_cast<std::uint64_t>(bytes.size()));
    return length + masked(length) + std::string(bytes) + masked(bytes);
}

/// A protobuf message, field by field.
class protobuf {
  public:
    protobuf& number(int field, std::int64_t value) {
        varint(static_cast<std::uint64_t>(field) << 3);
        varint(static_cast<std::uint64_t>(value));
        return *this;
    }
    protobuf& real(int field, double value) { return key(field, 1, little_endian(value)); }
    protobuf& real(int field, float value) { return key(field, 5, little_endian(value)); }
    /// A string, or a message.
    protobuf& bytes(int field, std::string_view value) {
        varint(static_cast<std::uint64_t>(field) << 3 | 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    protobuf& message(int field, const protobuf& value) { return bytes(field, value.bytes_); }
    const std::string& text() const { return bytes_; }

  private:
    protobuf& key(int field, int kind, const std::string& value) {
        varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(kind));
        bytes_ += value;
        return *this;
    }
    void varint(std::uint64_t value) {
        for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(value | 128);
        bytes_ += static_cast<char>(value);
    }
    std::string bytes_;
};

} // namespace detail

/// A new event file in a folder, which `tensorboard --logdir` reads. Each event is written at once and whole; one that
/// cannot be is a walt::error.
class event_file {
  public:
    /// Of a run that begins, or goes on, behind step `done`: what other files of the folder say of later steps is taken
    /// back. Without that number they stay as they are.
    explicit event_file(const std::filesystem::path& folder, std::optional<std::int64_t> done = {})
        : file_(new_file(folder)) {
        using detail::protobuf;
        add(0, protobuf().bytes(3, "brain.Event:2"));
        if (done) add(*done + 1, protobuf().message(7, protobuf().number(1, 1))); // a session starts
    }
    const std::string& path() const { return file_.path(); }

    /// Numbers with their names; float32, as TensorBoard has them.
    void scalars(std::int64_t step, std::span<const std::pair<std::string, double>> numbers) {
        detail::protobuf summary;
        for (const auto& [name, value] : numbers)
            summary.message(1, detail::protobuf().bytes(1, name).real(2, static_cast<float>(value)));
        add(step, detail::protobuf().message(5, summary));
    }
    void scalar(std::int64_t step, const std::string& name, double value) {
        scalars(step, std::array{std::pair(name, value)});
    }
    /// A frame, as PNG.
    void image(std::int64_t step, const std::string& name, const video& of, int frame = 0) {
        picture(step, name, of, png_bytes(file_.path(), of, frame));
    }
    /// A video, as GIF, which TensorBoard shows in motion among its images.
    void animation(std::int64_t step, const std::string& name, const video& of, double frames_per_second = 8) {
        picture(step, name, of, gif_bytes(file_.path(), of, frames_per_second));
    }
    /// A text: the run's settings, say.
    void text(std::int64_t step, const std::string& name, std::string_view words) {
        using detail::protobuf;
        constexpr int tensor = 2, string = 7; // a data class, a type
        const protobuf kind = protobuf().message(1, protobuf().bytes(1, "text")).number(4, tensor);
        const protobuf value = protobuf().number(1, string).message(2, protobuf()).bytes(8, words); // of no axes
        add(step,
            protobuf().message(5, protobuf().message(1, protobuf().bytes(1, name).message(8, value).message(9, kind))));
    }

  private:
    static std::filesystem::path new_file(const std::filesystem::path& folder) {
        static std::atomic<int> made = 0;
        // TensorBoard reads files in the order of their names, and a run may go on within a second.
        const auto now =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
                .count();
        return folder / fmt::format("events.out.tfevents.{:010}.{:06}.walt.{}.{}", now / 1'000'000, now % 1'000'000,
                                    ::getpid(), made++);
    }
    void picture(std::int64_t step, const std::string& name, const video& of, const std::string& bytes) {
        using detail::protobuf;
        constexpr int rgb = 3;
        const protobuf image = protobuf().number(1, of.height).number(2, of.width).number(3, rgb).bytes(4, bytes);
        add(step, protobuf().message(5, protobuf().message(1, protobuf().bytes(1, name).message(4, image))));
    }
    /// An Event: when, at which step, and `what`.
    void add(std::int64_t step, const detail::protobuf& what) {
        const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
        file_.add(detail::tf_record(detail::protobuf().real(1, now).number(2, step).text() + what.text()));
    }

    append_file file_;
};

} // namespace walt
