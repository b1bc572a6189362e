// A run's state in a file: everything that the next step depends on, so that a resumed run has the bits of one that
// never stopped.
#pragma once

#include "../config/stored_config.hpp"
#include "../core/note.hpp"
#include "../core/parameter_table.hpp"
#include "../io/safetensors_writer.hpp"
#include "observer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
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

template <class T> T number_of(const safetensors_file& file, const std::string& key) {
    const auto stored = file.metadata().find(key);
    require(stored != file.metadata().end(), "{} has no metadata {}, which a state of this run has", file.path(), key);
    const std::string& text = stored->second;
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    require(problem == std::errc{} && end == text.data() + text.size() && !(std::is_integral_v<T> && value < T{}) &&
                std::isfinite(static_cast<double>(value)),
            "{}'s metadata {} is no {} number: {}", file.path(), key, std::is_integral_v<T> ? "natural" : "finite",
            text);
    return value;
}

template <class Trainer> using compute_of = typename std::remove_cvref_t<Trainer>::model_type::compute_type;

/// The options that are not what the run had that wrote the state: a run may go on with others, knowingly.
inline void tell_other_options(const safetensors_file& file, std::string_view mine) {
    const auto stored = file.metadata().find("walt.options");
    if (stored == file.metadata().end()) return;
    const auto parsed = [](std::string_view text) {
        std::map<std::string, std::string, std::less<>> options;
        for (std::size_t end = 0; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1)) {
            const std::string_view line = text.substr(0, end);
            const std::size_t space = line.rfind(' ');
            if (space != line.npos) options.emplace(line.substr(0, space), line.substr(space + 1));
        }
        return options;
    };
    const auto now = parsed(mine);
    for (const auto& [name, was] : parsed(stored->second))
        if (const auto at = now.find(name); at != now.end() && at->second != was)
            note("{} is of a run with {} {}; it goes on with {}", file.path(), name, was, at->second);
}

/// The least number that a tensor of a state may have: what an optimizer calls its squares is not negative.
template <class Trainer> double least_of(std::string_view name) {
    if constexpr (requires { Trainer::optimizer_type::squares; })
        if (name.find(Trainer::optimizer_type::squares) != name.npos) return 0;
    return -std::numeric_limits<double>::max();
}

/// Refuses a run of which two parts keep something under one name: its state would hold only one of them.
template <class Run> void check_names(const Run& run) {
    std::set<std::string, std::less<>> tensors,
        numbers{"config", "version", "seed", "optimizer", "trained", "compute", "options"}; // the state's own
    run.each_state([&]<class State>(std::string_view name, State&&) {
        auto& names = std::is_arithmetic_v<std::remove_cvref_t<State>> ? numbers : tensors;
        require(names.emplace(name).second,
                "two parts of this run are called {} in its state: give one another name (an average's is "
                "averaging::name), or leave it out",
                name);
    });
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

/// Replaces `path` by the run's state, whole or not at all; between steps, when no micro-batch waits for the next. Run:
/// what an observer's hooks get.
template <class Run> void write_state(const std::filesystem::path& path, const Run& run) {
    auto& trainer = run.trainer();
    auto& ctx = trainer.model().context();
    detail::check_names(run);
    const auto check_waiting = [](const auto& one) {
        if constexpr (requires { one.added(); })
            require(one.added() == 0,
                    "a state is saved between steps, and {} micro-batches wait for the next: update() makes it, "
                    "forget() drops them, an objective that watches its run has to see it",
                    one.added());
    };
    check_waiting(trainer);
    run.each(check_waiting);
    safetensors_writer file;
    write_config<typename std::remove_reference_t<decltype(trainer)>::model_type>(file);
    file.metadata("walt.seed", std::to_string(trainer.options().seed.value));
    file.metadata("walt.optimizer", std::string(std::remove_reference_t<decltype(trainer)>::optimizer_type::name));
    file.metadata("walt.trained", detail::trained_text(trainer));
    file.metadata("walt.compute", std::string(dtype_name<detail::compute_of<decltype(trainer)>>()));
    file.metadata("walt.options", run.options_said());
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

/// Goes on from write_state's file. Refuses one of another config, seed, optimizer, compute type or set of trained
/// parameters, of other observers, of another type, or with numbers that are not finite, in one sentence; the run then
/// stays as it was. Micro-batches that wait for a step are dropped. Options of the run that differ (rates, batch sizes,
/// an average's decay) are said on stderr.
template <class Run> void read_state(const std::filesystem::path& path, const Run& run) {
    auto& trainer = run.trainer();
    using trainer_type = std::remove_reference_t<decltype(trainer)>;
    auto& ctx = trainer.model().context();
    detail::check_names(run);
    const safetensors_file file(path);
    check_config<typename trainer_type::model_type>(file);
    detail::check_same(file, "walt.seed", std::to_string(trainer.options().seed.value), "",
                       "which would go on with other random numbers");
    detail::check_same(file, "walt.optimizer", trainer_type::optimizer_type::name, "adamw",
                       "which keeps other numbers");
    detail::check_same(file, "walt.trained", detail::trained_text(trainer), "*", "which trains other parameters");
    if (file.metadata().contains("walt.compute"))
        detail::check_same(file, "walt.compute", dtype_name<detail::compute_of<trainer_type>>(), "",
                           "which rounds otherwise");
    detail::tell_other_options(file, run.options_said());
    std::set<std::string, std::less<>> known;
    std::vector<std::function<void()>> changes; // none is made before everything has been found
    run.each_state([&]<class State>(std::string_view name_text, State&& state) {
        using value = std::remove_cvref_t<State>;
        const std::string name(name_text);
        if constexpr (std::is_arithmetic_v<value>)
            changes.push_back([&state, found = detail::number_of<value>(file, "walt." + name)] { state = found; });
        else {
            using element = std::remove_const_t<typename value::element>;
            const stored_tensor& stored = file.tensor(name);
            require(stored.dtype == dtype_name<element>(),
                    "{}: {} has type {}; a state is resumed in the type it was saved in, {}", path.string(), name,
                    stored.dtype, dtype_name<element>());
            require(stored.shape == std::vector<std::int64_t>{state.size()}, "{}: {} should have shape [{}] and has {}",
                    path.string(), name, state.size(), detail::shape_text(stored.shape));
            known.insert(name);
            const auto read = [&file, name, size = state.size()](auto&& use) {
                std::vector<element> piece;
                detail::each_piece(size, [&](std::int64_t first, std::int64_t count) {
                    piece.resize(static_cast<std::size_t>(count));
                    file.read_into(name, std::span(piece), static_cast<std::uint64_t>(first));
                    use(first, piece);
                });
            };
            const double least = detail::least_of<trainer_type>(name);
            read([&](std::int64_t first, const std::vector<element>& piece) {
                file.require_finite(name, std::span<const element>(piece), static_cast<std::uint64_t>(first), least);
            });
            changes.push_back([&ctx, read, state] {
                read([&](std::int64_t first, const std::vector<element>& piece) {
                    ctx.upload(state.data() + first, piece.data(), piece.size() * sizeof(element));
                });
            });
        }
    });
    for (const auto& [name, stored] : file.tensors())
        require(known.contains(name),
                "{} has {}, which nothing in this run keeps: give run() the observers that it had", path.string(),
                name);
    trainer.forget(); // what waits for a step is of before
    run.each([](auto& observer) {
        if constexpr (requires { observer.forget(); }) observer.forget();
    });
    for (const auto& change : changes) change();
    trainer.masters_changed();
    run.each([](auto& observer) {
        if constexpr (requires { observer.masters_changed(); }) observer.masters_changed();
    });
}

/// Gives a model the weights that a run's state has: those that are trained, "masters", or an average's, by its name
/// (averaging::name, "average"). So a run that goes on, or never ended, exports what it has:
///     load_state_weights("run/state.safetensors", model, "average");
///     save_weights<bf16>("weights.safetensors", model);
template <class Model>
void load_state_weights(const std::filesystem::path& path, Model& model, const std::string& which = "masters") {
    using A = typename Model::master_type;
    const safetensors_file file(path);
    check_config<Model>(file);
    const std::vector<std::int64_t> shape{static_cast<std::int64_t>(Model::extent)};
    file.template check<A>(which, shape);
    std::vector<A> values;
    for (const bool set : {false, true}) // none before all were found to be finite
        for (const parameter_row& row : Model::table()) {
            values.resize(row.size);
            file.read_into(which, std::span(values), row.offset);
            file.require_finite(which, std::span<const A>(values), row.offset);
            if (set) model.set(row, values);
        }
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
