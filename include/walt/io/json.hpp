// JSON: what files say, read strictly (no deeper than a few levels, no key twice), and the text that walt writes. Needs
// jansson (CMake: walt::io), whose header costs nothing to include.
#pragma once

#include "../core/error.hpp"

#include <jansson.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace walt {

namespace detail {
/// A piece of a file as a message can show it.
inline std::string excerpt(std::string text) {
    constexpr std::size_t longest = 200;
    return text.size() <= longest ? text : text.substr(0, longest) + "...";
}
} // namespace detail

/// A value of a JSON document. Copies are handles to one value.
class json {
  public:
    static constexpr int depth = 8;                              ///< levels that a document may nest
    static constexpr std::size_t longest = std::size_t{1} << 24; ///< bytes: in memory a document takes 30 times as many
    static constexpr std::ptrdiff_t most_lists = 1'000'000;      ///< lists and objects, three of each tensor of a file

    json() : value_(json_null()) {}
    json(const json& other) : value_(json_incref(other.value_)) {}
    json(json&& other) noexcept : value_(std::exchange(other.value_, json_null())) {}
    json& operator=(json other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    ~json() { json_decref(value_); }

    /// Throws walt::error, which calls the text `what`, for one that is too large to be read: longer than `longest`, or
    /// with more than `most_lists` of the characters that begin a list or an object, wherever they stand.
    static void check_size(std::string_view what, std::string_view text) {
        require(text.size() <= longest, "{} is JSON of {} bytes; more than {} are not read", what, text.size(),
                longest);
        const auto lists = std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; });
        require(lists <= most_lists, "{} is JSON of {} lists and objects; more than {} are not read", what, lists,
                most_lists);
    }
    /// The document of a text. Throws walt::error, which calls the text `what`, for text that is no JSON or no UTF-8,
    /// for an integer of more than 63 bits, for a key that an object has twice, for more than `depth` levels, and as
    /// check_size does.
    static json parse(std::string_view what, std::string_view text) {
        check_size(what, text);
        if (text.find('\0') != std::string_view::npos) fail("{} is not valid JSON: it contains a null byte", what);
        json_error_t problem;
        json_t* found = json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
        if (found) {
            json document(found);
            require(document.nests_at_most(depth), "{} nests deeper than {} levels", what, depth);
            return document;
        }
        const auto code = json_error_code(&problem);
        require(code != json_error_stack_overflow, "{} nests deeper than {} levels", what, depth);
        if (code == json_error_duplicate_key)
            fail("{} names {} twice", what,
                 detail::excerpt(last_string(text.substr(0, static_cast<std::size_t>(problem.position)))));
        fail("{} is not valid JSON: {} (byte {})", what, detail::excerpt(problem.text), problem.position);
    }

    bool is_object() const { return json_is_object(value_); }
    bool is_array() const { return json_is_array(value_); }
    bool is_string() const { return json_is_string(value_); }

    /// Members of an object or elements of an array; 0 of anything else.
    std::size_t size() const { return is_object() ? json_object_size(value_) : json_array_size(value_); }
    bool contains(const std::string& key) const { return json_object_get(value_, key.c_str()) != nullptr; }
    /// A member or an element; null where there is none.
    json operator[](const std::string& key) const { return borrowed(json_object_get(value_, key.c_str())); }
    json operator[](std::size_t i) const { return borrowed(json_array_get(value_, i)); }
    /// Calls use(key, value) for each member of an object, in the document's order.
    template <class Use> void each(Use&& use) const {
        for (void* at = json_object_iter(value_); at; at = json_object_iter_next(value_, at))
            use(std::string(json_object_iter_key(at)), borrowed(json_object_iter_value(at)));
    }
    /// An object of its own with the same members.
    json copy() const { return json(json_copy(value_)); }
    /// Gives an object a member, in place of one with this key.
    void set(const std::string& key, const json& value) { json_object_set(value_, key.c_str(), value.value_); }

    /// The characters of a string; none of anything else.
    std::string string() const {
        return is_string() ? std::string(json_string_value(value_), json_string_length(value_)) : std::string();
    }
    /// The value of an integer from 0 on; nothing of anything else.
    std::optional<std::int64_t> natural() const {
        if (!json_is_integer(value_) || json_integer_value(value_) < 0) return {};
        return json_integer_value(value_);
    }
    /// The value of a number, which is finite; nothing of anything else.
    std::optional<double> number() const {
        if (!json_is_number(value_)) return {};
        return json_number_value(value_);
    }
    /// The value's text, without spaces.
    std::string text() const {
        const std::unique_ptr<char, void (*)(void*)> text(json_dumps(value_, JSON_COMPACT | JSON_ENCODE_ANY),
                                                          std::free);
        require(text != nullptr, "out of memory: a JSON value could not be written as text");
        return text.get();
    }

  private:
    explicit json(json_t* owned) : value_(owned) {}
    static json borrowed(json_t* value) { return value ? json(json_incref(value)) : json(); }

    bool nests_at_most(int levels) const {
        if (levels < 0) return false;
        bool fits = true;
        for (std::size_t i = 0; is_array() && fits && i < size(); ++i) fits = (*this)[i].nests_at_most(levels - 1);
        if (is_object()) each([&](const auto&, const json& value) { fits = fits && value.nests_at_most(levels - 1); });
        return fits;
    }
    /// Of a text that ends with a string in quotes, that string.
    static std::string last_string(std::string_view text) {
        const auto escaped = [&](std::size_t at) {
            const std::size_t before = text.substr(0, at).find_last_not_of('\\') + 1;
            return (at - before) % 2 == 1;
        };
        const std::size_t end = text.size() - 1;
        std::size_t begin = text.rfind('"', end - 1);
        while (escaped(begin)) begin = text.rfind('"', begin - 1);
        return std::string(text.substr(begin + 1, end - begin - 1));
    }

    json_t* value_;
};

/// A value as JSON text: a bool, a number (the shortest that reads back as the same; JSON has none that is not finite,
/// which becomes null), a string of UTF-8, or a list of these.
template <class Value> std::string json_text(const Value& value) {
    if constexpr (std::is_same_v<Value, bool>) return value ? "true" : "false";
    else if constexpr (std::is_integral_v<Value>) return std::to_string(value);
    else if constexpr (std::is_floating_point_v<Value>) return std::isfinite(value) ? fmt::format("{}", value) : "null";
    else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
        const std::string_view characters = value;
        const std::unique_ptr<json_t, void (*)(json_t*)> checked(json_stringn(characters.data(), characters.size()),
                                                                 json_decref);
        require(checked != nullptr, "a text is not valid UTF-8, which JSON needs: {}",
                detail::excerpt(std::string(characters)));
        std::string text = "\"";
        for (const char c : characters) {
            constexpr std::string_view named = "\"\\\b\f\n\r\t", names = "\"\\bfnrt";
            const std::size_t name = named.find(c);
            if (name != std::string_view::npos) (text += '\\') += names[name];
            else if (static_cast<unsigned char>(c) < 0x20) text += fmt::format("\\u{:04x}", static_cast<int>(c));
            else text += c;
        }
        return text + "\"";
    } else {
        std::string text = "[";
        for (const auto& one : value) text += (text.size() > 1 ? "," : "") + json_text(one);
        return text + "]";
    }
}

/// The text of a JSON object, member by member in the order they come: object("frames", 5)("patch", 2).text().
class json_fields {
  public:
    template <class Value> json_fields& operator()(std::string_view key, const Value& value) {
        return member(key, json_text(value));
    }
    /// A member whose value is JSON text already.
    json_fields& member(std::string_view key, std::string_view text) {
        if (text_.size() > 1) text_ += ",";
        ((text_ += json_text(key)) += ":") += text;
        return *this;
    }
    std::string text() const { return text_ + "}"; }

  private:
    std::string text_ = "{";
};

} // namespace walt
