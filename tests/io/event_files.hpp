// Reads TensorBoard's event files again: TFRecords whose CRCs are checked bit by bit, and protobuf by its rules.
#pragma once

#include "../catch.hpp"

#include <walt/io/read_file.hpp>

#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace events {

/// A message's fields: numbers as they are, reals as their bits, strings and messages as bytes; each in order.
struct message {
    std::multimap<int, std::uint64_t> numbers;
    std::multimap<int, std::string> bytes;

    explicit message(std::string_view text) {
        const auto varint = [&] {
            std::uint64_t value = 0;
            for (int shift = 0;; shift += 7) {
                REQUIRE((!text.empty() && shift < 64));
                const auto byte = static_cast<unsigned char>(text.front());
                text.remove_prefix(1);
                value |= std::uint64_t{byte & 127u} << shift;
                if (byte < 128) return value;
            }
        };
        const auto take = [&](std::uint64_t size) {
            REQUIRE(size <= text.size());
            const std::string_view taken = text.substr(0, size);
            text.remove_prefix(size);
            return taken;
        };
        while (!text.empty()) {
            const std::uint64_t key = varint();
            const int field = static_cast<int>(key >> 3);
            switch (key & 7) {
            case 0: numbers.emplace(field, varint()); break;
            case 1:
            case 5: {
                const std::string_view raw = take((key & 7) == 1 ? 8 : 4);
                std::uint64_t value = 0;
                std::memcpy(&value, raw.data(), raw.size());
                numbers.emplace(field, value);
                break;
            }
            case 2: bytes.emplace(field, take(varint())); break;
            default: FAIL("a field of kind " << (key & 7));
            }
        }
    }
    std::uint64_t number(int field) const {
        REQUIRE(numbers.count(field) == 1);
        return numbers.find(field)->second;
    }
    const std::string& text(int field) const {
        REQUIRE(bytes.count(field) == 1);
        return bytes.find(field)->second;
    }
};

inline std::uint32_t masked_crc(std::string_view bytes) {
    std::uint32_t crc = ~0u;
    for (const char c : bytes)
        for (int bit = 0; bit < 8; ++bit) {
            const bool odd = ((crc ^ (static_cast<unsigned char>(c) >> bit)) & 1) != 0;
            crc = crc >> 1 ^ (odd ? 0x82f63b78u : 0);
        }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/// The records at the beginning of a file that are whole.
inline std::string_view whole(std::string_view bytes) {
    std::string_view rest = bytes;
    const auto number = [](std::string_view from, auto value) {
        std::memcpy(&value, from.data(), sizeof value);
        return value;
    };
    while (rest.size() >= 16) {
        const auto length = number(rest, std::uint64_t{});
        if (number(rest.substr(8), std::uint32_t{}) != masked_crc(rest.substr(0, 8)) || rest.size() - 16 < length ||
            number(rest.substr(12 + length), std::uint32_t{}) != masked_crc(rest.substr(12, length)))
            break;
        rest.remove_prefix(length + 16);
    }
    return bytes.substr(0, bytes.size() - rest.size());
}

/// The events of records that are whole.
inline std::vector<message> of_records(std::string_view rest) {
    REQUIRE(whole(rest).size() == rest.size());
    std::vector<message> found;
    while (!rest.empty()) {
        std::uint64_t length = 0;
        std::memcpy(&length, rest.data(), sizeof length);
        found.emplace_back(rest.substr(12, length));
        rest.remove_prefix(length + 16);
    }
    return found;
}
/// The events of a file, which has nothing else.
inline std::vector<message> read(const std::filesystem::path& file) {
    const auto bytes = walt::read_file(file);
    return of_records(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

/// An Event's summary, as its values.
inline std::vector<message> values(const message& event) {
    std::vector<message> found;
    const message summary(event.text(5));
    for (auto [at, end] = summary.bytes.equal_range(1); at != end; ++at) found.emplace_back(at->second);
    return found;
}
inline float real(const message& value) {
    const auto bits = static_cast<std::uint32_t>(value.number(2));
    float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return number;
}

} // namespace events
