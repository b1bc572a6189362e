// JSON that nobody vouches for: no deeper than a few levels, no key twice. Needs nlohmann-json (CMake: walt::io).
#pragma once

#include "../core/error.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <vector>

namespace walt::detail {

/// A piece of a file as a message can show it.
inline std::string excerpt(std::string text) {
    constexpr std::size_t longest = 200;
    return text.size() <= longest ? text : text.substr(0, longest) + "...";
}

/// Accepts JSON as the parser reads it, but no more than `depth` levels deep and no key twice in one object.
class bounded_json {
  public:
    static constexpr int depth = 8;
    explicit bounded_json(std::string what) : what_(std::move(what)) {}

    nlohmann::json parse(std::string_view text) {
        keys_.clear();
        const auto check = [this](int level, nlohmann::json::parse_event_t event, nlohmann::json& value) {
            using kind = nlohmann::json::parse_event_t;
            require(level <= depth, "{} nests deeper than {} levels", what_, depth);
            if (event == kind::object_start) keys_.emplace_back();
            if (event == kind::object_end) keys_.pop_back();
            if (event == kind::key)
                require(keys_.back().insert(value.get<std::string>()).second, "{} names {} twice", what_,
                        excerpt(value.get<std::string>()));
            return true;
        };
        try {
            return nlohmann::json::parse(text, check);
        } catch (const nlohmann::json::exception& problem) {
            fail("{} is not valid JSON: {}", what_, excerpt(problem.what()));
        }
    }

  private:
    std::string what_;
    std::vector<std::set<std::string>> keys_;
};

} // namespace walt::detail
