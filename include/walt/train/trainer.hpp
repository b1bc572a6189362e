// The training loop that users compose: a model, an objective, an optimizer, a source of batches, callbacks.
#pragma once

#include "../data/prefetch.hpp"
#include "../io/progress.hpp"
#include "../ops/optimizer.hpp"
#include "../ops/pointwise.hpp"
#include "adamw.hpp"
#include "checkpoint.hpp"
#include "objective.hpp"

#include <charconv>
#include <csignal>
#include <fstream>
#include <functional>

namespace walt {

struct training {
    warmup_cosine rate{};
    ema average{};
    float clip = 1.0f;      ///< global norm of the gradient
    int accumulate = 1;     ///< micro-batches a step
    int give_up_after = 10; ///< steps in a row with a non-finite loss or gradient
    walt::seed seed{0};
};

/// How long to train, counting what a resumed run has done already.
struct steps {
    std::int64_t count;
};

/// Where a run keeps its state and log, and how often it saves.
struct save_to {
    std::filesystem::path folder;
    std::int64_t every = 500; ///< steps
};

struct step_result {
    double loss = 0, gradient_norm = 0, learning_rate = 0;
    bool skipped = false; ///< the loss or the gradient was not finite, and nothing changed
};

namespace detail {
inline volatile std::sig_atomic_t interrupted = 0;
/// While one lives, Ctrl-C and SIGTERM set a flag instead of ending the program.
class catch_interrupts {
  public:
    catch_interrupts() {
        interrupted = 0;
        before_int_ = std::signal(SIGINT, [](int) { interrupted = 1; });
        before_term_ = std::signal(SIGTERM, [](int) { interrupted = 1; });
    }
    ~catch_interrupts() {
        std::signal(SIGINT, before_int_);
        std::signal(SIGTERM, before_term_);
    }
    catch_interrupts(const catch_interrupts&) = delete;
    catch_interrupts& operator=(const catch_interrupts&) = delete;

  private:
    void (*before_int_)(int);
    void (*before_term_)(int);
};

/// A run's log up to step `done`: what a run that died logged behind its last checkpoint is done, and logged, again.
inline std::string log_until(const std::filesystem::path& path, std::int64_t done) {
    std::string kept = "step,loss,gradient_norm,learning_rate,seconds\n", line;
    std::ifstream log(path);
    while (std::getline(log, line)) {
        std::int64_t step = 0;
        const auto read = std::from_chars(line.data(), line.data() + line.size(), step);
        if (read.ec == std::errc{} && step <= done) kept += line + '\n';
    }
    return kept;
}
} // namespace detail

/// Model: a walt::model. Objective: see objective.hpp. The same seed and source give the same bits on the same device.
template <class Model, class Objective> class trainer {
  public:
    using A = typename Model::master_type;
    using module_type = typename Model::module_type;

    trainer(Model& model, Objective objective, adamw optimizer = {}, training options = {})
        : model_(&model), objective_(std::move(objective)), optimizer_(optimizer), options_(options),
          average_(clone(model)), gradient_(model.context(), Model::extent), first_(model.context(), Model::extent),
          second_(model.context(), Model::extent), kinds_(model.context(), Model::extent / 64),
          squares_(model.context(), 1),
          losses_(model.context(), static_cast<std::size_t>(std::max(1, options.accumulate))) {
        require(options_.accumulate >= 1, "a step needs 1 micro-batch or more; training::accumulate is {}",
                options_.accumulate);
        require(options_.clip > 0, "training::clip must be positive; it is {}", options_.clip);
        std::vector<std::uint8_t> kinds(Model::extent / 64, block_fixed);
        for (const parameter_row& row : parameter_table<module_type>())
            std::fill_n(kinds.begin() + static_cast<std::ptrdiff_t>(row.offset / 64), round_up(row.size, 64) / 64,
                        row.trainable() ? (row.decayed() ? block_decayed : block_trained) : block_fixed);
        model.context().upload(kinds_.data(), kinds.data(), kinds.size());
    }

    Model& model() const { return *model_; }
    /// Steps done (skipped ones too), and the number of the next micro-batch.
    std::int64_t step_count() const { return step_; }
    std::int64_t position() const { return position_; }
    std::int64_t skipped() const { return skipped_; }

    /// The averaged weights as a model: sample and save with it. (The average copies the weights when the trainer is
    /// made.)
    Model& ema() {
        ops::convert(model_->context(), average_.masters(), average_.copies());
        return average_;
    }

    /// One step on the micro-batches that `source(n)` makes for n = position(), position() + 1, ... The device does all
    /// of it without the host, which waits only to read what came out.
    template <class Source> step_result step(Source&& source) {
        auto& ctx = model_->context();
        step_result result;
        for (int i = 0; i < options_.accumulate; ++i, ++position_)
            objective_(*model_, source(position_), gradients<A>{gradient_.data()},
                       philox{options_.seed.value, static_cast<std::uint64_t>(position_)},
                       view<A, 1>(losses_.data() + i));
        const view<double, 1> squares(squares_.data());
        ops::sum_of_squares(ctx, gradient_.all(), squares);
        result.learning_rate = static_cast<double>(optimizer_.learning_rate) * options_.rate.share(step_);
        ops::adamw(ctx, update(result.learning_rate), kinds_.all(), squares.read(), losses_.all().read(),
                   model_->masters(), gradient_.all(), first_.all(), second_.all(), average_.masters(),
                   model_->copies());

        double sum = 0;
        std::vector<A> losses(losses_.size());
        ctx.download(&sum, squares.data(), sizeof sum);
        ctx.download(losses.data(), losses_.data(), losses.size() * sizeof(A));
        for (const A loss : losses) result.loss += static_cast<double>(loss) / options_.accumulate;
        result.gradient_norm = std::sqrt(sum) / options_.accumulate;
        result.skipped = !std::isfinite(result.loss) || !std::isfinite(result.gradient_norm);
        ++step_;
        if (result.skipped) skip(result);
        else ++updates_, in_a_row_ = 0;
        return result;
    }

    /// Trains until step `until`, with progress, a log (folder/log.csv) and checkpoints (folder/state.safetensors);
    /// goes on where the folder's checkpoint ended. `source` runs ahead in another thread, so it must not use the
    /// model's context; `seen` is called after every step. Ctrl-C and SIGTERM save and return false.
    template <class Source, class Seen> bool run(Source&& source, steps until, const save_to& where, Seen&& seen) {
        require(where.every >= 1, "save_to::every must be 1 step or more; it is {}", where.every);
        std::filesystem::create_directories(where.folder);
        const std::filesystem::path state = where.folder / "state.safetensors", log_file = where.folder / "log.csv";
        if (std::filesystem::exists(state)) load_state(state);
        const detail::catch_interrupts guard;
        prefetch<std::decay_t<decltype(source(std::int64_t{0}))>> batches([&](std::int64_t n) { return source(n); },
                                                                          {.first = position_});
        const auto next = [&](std::int64_t) { return batches.next(); };
        progress shown(until.count, "steps", step_);
        const auto begun = std::chrono::steady_clock::now();
        write_atomically(log_file, detail::log_until(log_file, step_));
        std::FILE* log = std::fopen(log_file.c_str(), "a");
        require(log != nullptr, "{} cannot be opened for writing", log_file.string());
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closes(log, std::fclose);
        while (step_ < until.count && !detail::interrupted) {
            const step_result result = step(next);
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
            const std::string row = fmt::format("{},{:.6g},{:.6g},{:.6g},{:.2f}\n", step_, result.loss,
                                                result.gradient_norm, result.learning_rate, seconds);
            std::fputs(row.c_str(), log);
            std::fflush(log);
            shown.update(step_, fmt::format("loss {:.6g}{}", result.loss,
                                            skipped_ ? fmt::format("  skipped {}", skipped_) : std::string()));
            if (step_ % where.every == 0) save_state(state);
            seen(*this, result);
        }
        save_state(state);
        return !detail::interrupted;
    }
    template <class Source> bool run(Source&& source, steps until, const save_to& where) {
        return run(source, until, where, [](trainer&, const step_result&) {});
    }

    /// Everything that the next step depends on, in one file.
    void save_state(const std::filesystem::path& path) const {
        auto& ctx = model_->context();
        std::vector<std::vector<A>> host;
        safetensors_writer file;
        write_config<Model>(file);
        file.metadata("walt.seed", std::to_string(options_.seed.value));
        for (const auto& [name, value] : counters()) file.metadata(name, std::to_string(*value));
        host.resize(flats().size(), std::vector<A>(Model::extent));
        std::size_t i = 0;
        for (const auto& [name, flat] : flats()) {
            ctx.download(host[i].data(), flat, Model::extent * sizeof(A));
            file.add<A>(name, {static_cast<std::int64_t>(Model::extent)}, host[i++]);
        }
        file.save(path);
    }

    /// Goes on from save_state's file: bit for bit as if the run had never stopped. Refuses another config's or seed's.
    void load_state(const std::filesystem::path& path) {
        auto& ctx = model_->context();
        const safetensors_file file(path);
        check_config<Model>(file);
        const auto begun_with = file.metadata().find("walt.seed");
        require(begun_with != file.metadata().end(), "{} has no metadata walt.seed, which a training state has",
                path.string());
        require(begun_with->second == std::to_string(options_.seed.value),
                "{} is of a run with seed {}; training::seed is {}, which would go on with other random numbers",
                path.string(), begun_with->second, options_.seed.value);
        std::vector<std::vector<A>> host;
        for (const auto& [name, flat] : flats()) {
            const std::int64_t shape[] = {static_cast<std::int64_t>(Model::extent)};
            require(file.tensor(name).dtype == dtype_name<A>(),
                    "{}: {} has type {}; a state is resumed in the type it was saved in, {}", path.string(), name,
                    file.tensor(name).dtype, dtype_name<A>());
            host.push_back(file.read<A>(name, shape));
        }
        std::vector<std::int64_t> counts;
        for (const auto& [name, value] : counters()) {
            const auto stored = file.metadata().find(name);
            require(stored != file.metadata().end(), "{} has no metadata {}, which a training state has", path.string(),
                    name);
            std::int64_t count = 0;
            const auto [end, problem] =
                std::from_chars(stored->second.data(), stored->second.data() + stored->second.size(), count);
            require(problem == std::errc{} && end == stored->second.data() + stored->second.size() && count >= 0,
                    "{}'s metadata {} is no natural number: {}", path.string(), name, stored->second);
            counts.push_back(count);
        }
        model_->assign(host[0]);
        average_.assign(host[1]);
        ctx.upload(first_.data(), host[2].data(), Model::extent * sizeof(A));
        ctx.upload(second_.data(), host[3].data(), Model::extent * sizeof(A));
        std::size_t i = 0;
        for (const auto& [name, value] : counters()) *value = counts[i++];
    }

  private:
    std::array<std::pair<const char*, A*>, 4> flats() const {
        return {{{"masters", model_->masters().data()},
                 {"average", average_.masters().data()},
                 {"first_moment", first_.data()},
                 {"second_moment", second_.data()}}};
    }
    std::array<std::pair<const char*, std::int64_t*>, 5> counters() const {
        auto& self = const_cast<trainer&>(*this);
        return {{{"walt.step", &self.step_},
                 {"walt.updates", &self.updates_},
                 {"walt.position", &self.position_},
                 {"walt.skipped", &self.skipped_},
                 {"walt.skipped_in_a_row", &self.in_a_row_}}};
    }

    /// The numbers of the next update.
    adamw_update update(double learning_rate) const {
        const double b1 = static_cast<double>(optimizer_.beta_1), b2 = static_cast<double>(optimizer_.beta_2),
                     t = static_cast<double>(updates_ + 1);
        return {learning_rate,
                b1,
                b2,
                static_cast<double>(optimizer_.epsilon),
                static_cast<double>(optimizer_.weight_decay),
                1 - std::pow(b1, t),
                1 - std::pow(b2, t),
                static_cast<double>(options_.clip),
                options_.accumulate,
                options_.average.keep(updates_)};
    }

    void skip(const step_result& result) {
        ++skipped_;
        ++in_a_row_;
        const std::string culprit = std::isfinite(result.loss) ? first_not_finite() : "the loss";
        ops::fill(model_->context(), gradient_.all(), 0);
        require(in_a_row_ < options_.give_up_after,
                "training stops: {} steps in a row had a loss or gradient that is not finite; in step {} it was {} "
                "(loss {:.6g})",
                in_a_row_, step_, culprit, result.loss);
    }

    std::string first_not_finite() const {
        std::vector<A> host(Model::extent);
        model_->context().download(host.data(), gradient_.data(), host.size() * sizeof(A));
        for (const parameter_row& row : parameter_table<module_type>())
            for (std::size_t i = 0; i < row.size; ++i)
                if (!std::isfinite(host[row.offset + i])) return "the gradient of " + row.name;
        return "the sum of the gradients' squares";
    }

    Model* model_;
    Objective objective_;
    adamw optimizer_;
    training options_;
    Model average_;
    buffer<A> gradient_, first_, second_;
    buffer<std::uint8_t> kinds_;
    buffer<double> squares_; ///< of the gradient
    buffer<A> losses_;       ///< of the step's micro-batches
    std::int64_t step_ = 0, updates_ = 0, position_ = 0, skipped_ = 0, in_a_row_ = 0;
};

} // namespace walt
