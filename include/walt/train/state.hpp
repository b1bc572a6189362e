// A run's state in a file: everything that the next step depends on, so that a resumed run has the bits of one that
// never stopped.
#pragma once

#include "../config/stored_config.hpp"
#include "../io/safetensors_writer.hpp"
#include "observer.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace walt {

namespace detail {

/// Of one that trains everything, "*".
template <class Trainer> std::string trained_text(const Trainer& trainer) {
    std::string text;
    for (const std::string& pattern : trainer.options().train.patterns) text += (text.empty() ? "" : " ") + pattern;
    return text.empty() ? "*" : text;
}

/// Calls use(first, count) for pieces of so many elements: the host holds no more of a state at once.
template <class Use> void each_piece(std::int64_t elements, Use&& use) {
    constexpr std::int64_t most = std::int64_t{1} << 20;
    for (std::int64_t first = 0; first < elements; first += most) use(first, std::min(most, elements - first));
}

template <class T> T number_in(const safetensors_file& file, const std::string& key) {
    const auto stored = file.metadata().find(key);
    require(stored != file.metadata().end(), "{} has no metadata {}, which a state of this run has", file.path(), key);
    const std::string& text = stored->second;
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    require(problem == std::errc{} && end == text.data() + text.size() && !(std::is_integral_v<T> && value < T{}),
            "{}'s metadata {} is no {}number: {}", file.path(), key, std::is_integral_v<T> ? "natural " : "", text);
    return value;
}

/// Refuses a state that was made with something else than this run has. `absent`: what states say that do not say it.
inline void check_same(const safetensors_file& file, const char* key, std::string_view mine, const char* absent,
                       const char* consequence) {
    const auto stored = file.metadata().find(key);
    const std::string_view theirs = stored == file.metadata().end() ? absent : std::string_view(stored->second);
    require(!theirs.empty(), "{} has no metadata {}, which a training state has", file.path(), key);
    require(theirs == mine, "{} is of a run with {} {}; this run has {}, {}", file.path(), key, theirs, mine,
            consequence);
}
} // namespace detail

/// Replaces `path` by the run's state, whole or not at all. Run: what an observer's hooks get.
template <class Run> void write_state(const std::filesystem::path& path, const Run& run) {
    auto& trainer = run.trainer();
    auto& ctx = trainer.model().context();
    safetensors_writer file;
    write_config<typename std::remove_reference_t<decltype(trainer)>::model_type>(file);
    file.metadata("walt.seed", std::to_string(trainer.options().seed.value));
    file.metadata("walt.optimizer", std::string(std::remove_reference_t<decltype(trainer)>::optimizer_type::name));
    file.metadata("walt.trained", detail::trained_text(trainer));
    run.each_state([&]<class State>(std::string_view name, State&& state) {
        using value = std::remove_cvref_t<State>;
        if constexpr (std::is_arithmetic_v<value>) file.metadata("walt." + std::string(name), fmt::format("{}", state));
        else {
            using element = std::remove_const_t<typename value::element>;
            file.add(std::string(name), std::string(dtype_name<element>()), {state.size()},
                     [&ctx, state](const safetensors_writer::write& put) {
                         std::vector<element> piece;
                         detail::each_piece(state.size(), [&](std::int64_t first, std::int64_t count) {
                             piece.resize(static_cast<std::size_t>(count));
                             ctx.download(piece.data(), state.data() + first, piece.size() * sizeof(element));
                             put(std::as_bytes(std::span(piece)));
                         });
                     });
        }
    });
    file.save(path);
}

/// Goes on from write_state's file. Refuses one of another config, seed, optimizer or set of trained parameters, of
/// other observers, or of another type, in one sentence; the run then stays as it was.
template <class Run> void read_state(const std::filesystem::path& path, const Run& run) {
    auto& trainer = run.trainer();
    using trainer_type = std::remove_reference_t<decltype(trainer)>;
    auto& ctx = trainer.model().context();
    const safetensors_file file(path);
    check_config<typename trainer_type::model_type>(file);
    detail::check_same(file, "walt.seed", std::to_string(trainer.options().seed.value), "",
                       "which would go on with other random numbers");
    detail::check_same(file, "walt.optimizer", trainer_type::optimizer_type::name, "adamw",
                       "which keeps other numbers");
    detail::check_same(file, "walt.trained", detail::trained_text(trainer), "*", "which trains other parameters");
    std::set<std::string, std::less<>> known;
    std::vector<std::function<void()>> changes; // none is made before everything has been found
    run.each_state([&]<class State>(std::string_view name_text, State&& state) {
        using value = std::remove_cvref_t<State>;
        const std::string name(name_text);
        if constexpr (std::is_arithmetic_v<value>)
            changes.push_back([&state, found = detail::number_in<value>(file, "walt." + name)] { state = found; });
        else {
            using element = std::remove_const_t<typename value::element>;
            const stored_tensor& stored = file.tensor(name);
            require(stored.dtype == dtype_name<element>(),
                    "{}: {} has type {}; a state is resumed in the type it was saved in, {}", path.string(), name,
                    stored.dtype, dtype_name<element>());
            require(stored.shape == std::vector<std::int64_t>{state.size()}, "{}: {} should have shape [{}] and has {}",
                    path.string(), name, state.size(), detail::shape_text(stored.shape));
            known.insert(name);
            changes.push_back([&ctx, &file, name, state] {
                std::vector<element> piece;
                detail::each_piece(state.size(), [&](std::int64_t first, std::int64_t count) {
                    piece.resize(static_cast<std::size_t>(count));
                    file.read_into(name, std::span(piece), static_cast<std::uint64_t>(first));
                    ctx.upload(state.data() + first, piece.data(), piece.size() * sizeof(element));
                });
            });
        }
    });
    for (const auto& [name, stored] : file.tensors())
        require(known.contains(name),
                "{} has {}, which nothing in this run keeps: give run() the observers that it had", path.string(),
                name);
    for (const auto& change : changes) change();
    trainer.masters_changed();
    run.each([](auto& observer) {
        if constexpr (requires { observer.masters_changed(); }) observer.masters_changed();
    });
}

/// The state of a trainer and of observers that is not running: between steps of your own loop.
template <class Trainer, class... Observer>
void save_state(const std::filesystem::path& path, Trainer& trainer, Observer&... observer) {
    write_state(path, running(trainer, steps{0}, observer...));
}
template <class Trainer, class... Observer>
void load_state(const std::filesystem::path& path, Trainer& trainer, Observer&... observer) {
    read_state(path, running(trainer, steps{0}, observer...));
}

} // namespace walt
