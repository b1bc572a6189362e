// Statistics of features in a file, with where they are from: real clips are measured once. Needs jansson and LAPACK
// (CMake: walt::io, walt::measures).
#pragma once

#include "../io/folders.hpp"
#include "../io/safetensors_writer.hpp"
#include "feature_statistics.hpp"
#include "provenance.hpp"

#include <array>
#include <charconv>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace walt {

/// Statistics that know where they are from.
struct known_statistics {
    provenance from;
    feature_statistics features{};

    /// Those of other clips, of the same network and so on, follow: refused in a sentence where it is another.
    void add(const known_statistics& more) {
        require_comparable("statistics of " + more.from.source, more.from, from);
        features.add(more.features);
        from.clips += more.from.clips;
        if (more.from.seed != from.seed || more.from.source != from.source)
            from.source += fmt::format(" and {} (seed {})", more.from.source, more.from.seed);
    }
};

/// A safetensors file of `count` [1] (rows), `mean` [D], `covariance` [D, D], both F64, and the provenance as metadata;
/// the file is replaced whole or not at all.
inline void save_statistics(const std::filesystem::path& path, const known_statistics& of) {
    const std::vector<double> mean = of.features.mean();
    detail::symmetric_matrix covariance = of.features.covariance();
    covariance.mirror();
    const std::int64_t width = of.features.features(), count = of.features.count();
    safetensors_writer file;
    for (const auto& [name, value] : of.from.fields()) file.metadata(std::string("walt.") + name, value);
    file.add<std::int64_t>("count", {1}, std::span(&count, 1));
    file.add<double>("mean", {width}, std::span(mean));
    file.add<double>("covariance", {width, width}, std::span(std::as_const(covariance.elements)));
    file.save(path);
}

/// What save_statistics has written, or a walt::error that says what is wrong with it.
inline known_statistics load_statistics(const std::filesystem::path& path) {
    const safetensors_file file(path);
    const auto text = [&](const char* name) {
        const auto found = file.metadata().find(std::string("walt.") + name);
        require(found != file.metadata().end(), "{} has no metadata walt.{}, which saved statistics have",
                path.string(), name);
        return found->second;
    };
    const auto number = [&]<class T>(const char* name, T& value) {
        const std::string stored = text(name);
        const auto read = std::from_chars(stored.data(), stored.data() + stored.size(), value);
        require(read.ec == std::errc{} && read.ptr == stored.data() + stored.size(),
                "{}'s metadata walt.{} is no whole number: {}", path.string(), name, stored);
    };
    known_statistics made{.from = {.network = text("network"),
                                   .weights = text("weights"),
                                   .resize = text("resize"),
                                   .source = text("source")}};
    number("frames", made.from.frames);
    number("clips", made.from.clips);
    number("seed", made.from.seed);
    std::vector<double> mean = file.read<double>("mean");
    detail::symmetric_matrix covariance(mean.size());
    const auto width = static_cast<std::int64_t>(mean.size());
    covariance.elements = file.read<double>("covariance", std::array{width, width});
    const std::int64_t count = file.read<std::int64_t>("count", std::array{std::int64_t{1}})[0];
    made.features = feature_statistics::of(count, std::move(mean), std::move(covariance));
    return made;
}

/// The statistics of a file whose provenance is `wanted` in every field, or, where there is no such file, what
/// `measure` makes and the file then has. A file of another provenance is refused in a sentence with both values.
template <class Measure>
known_statistics reused_statistics(const std::filesystem::path& path, const provenance& wanted, Measure&& measure) {
    if (is_there(path)) {
        known_statistics kept = load_statistics(path);
        require_same(path.string(), kept.from, wanted);
        return kept;
    }
    known_statistics made{.from = wanted, .features = measure()};
    if (path.has_parent_path()) make_folder(path.parent_path());
    save_statistics(path, made);
    return made;
}

} // namespace walt
