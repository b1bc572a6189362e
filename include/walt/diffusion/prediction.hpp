// What the network answers: a mixture of x0 and eps, from which with x_t both follow (docs/model.md 2).
#pragma once

#include "../core/buffer.hpp"
#include "../core/recorded.hpp"
#include "../ops/diffusion.hpp"
#include "schedule.hpp"

#include <cmath>
#include <functional>
#include <vector>

namespace walt {

/// answer = x0 * (the clean latent) + eps * (the noise).
struct answer_shares {
    double x0 = 0, eps = 0;
};

/// A prediction says which mixture the network answers with at a level. A fourth one is a function of your own:
/// [](walt::noise_level) { return walt::answer_shares{-1, 1}; } is the velocity of flow matching.
using prediction = std::function<answer_shares(noise_level)>;

/// v = signal eps - noise x0 (Salimans and Ho), which says something of x0 at every level, also where there is no
/// signal. (The paper prints the roles of x0 and eps the other way round, which there says nothing about x0.)
inline answer_shares v_prediction(noise_level at) { return {-at.noise, at.signal}; }
/// The noise (Ho et al.). Without any signal it says nothing about x0: take a schedule that keeps some.
inline answer_shares eps_prediction(noise_level) { return {0, 1}; }
/// The clean latent.
inline answer_shares x0_prediction(noise_level) { return {1, 0}; }

/// What follows from an answer at a level: x0 = x0_of_x x_t + x0_of_answer answer, and eps likewise.
struct answer_reading {
    double x0_of_x, x0_of_answer, eps_of_x, eps_of_answer;

    answer_reading(const noise_schedule& schedule, const prediction& predicts, int level) {
        const noise_level at = schedule.at(level);
        const answer_shares answer = predicts(at);
        const double both = at.signal * answer.eps - at.noise * answer.x0; // x_t and the answer, solved for x0 and eps
        require(std::isfinite(both), "the prediction is no number at level {}: its answer is {} x0 + {} noise", level,
                answer.x0, answer.eps);
        require(both != 0, "the prediction says nothing about x0 at level {}, where a latent is {} x0 + {} noise",
                level, at.signal, at.noise);
        x0_of_x = answer.eps / both;
        x0_of_answer = -at.noise / both;
        eps_of_x = -answer.x0 / both;
        eps_of_answer = at.signal / both;
    }
};

/// The mixtures of a batch whose frames have the given levels: [B F] coefficients each (A), in the context's arena.
template <class A> class frame_mixtures {
  public:
    /// level: [B F], on the host.
    template <class Context>
    frame_mixtures(Context& ctx, const noise_schedule& schedule, const prediction& predicts,
                   const std::vector<std::int32_t>& level) {
        const answer_reading hardest(schedule, predicts, noise_schedule::levels - 1); // says now what it would later
        const std::size_t frames = level.size();
        std::vector<A> of(6 * frames);
        for (std::size_t f = 0; f < frames; ++f) {
            const noise_level at = schedule.at(level[f]);
            const answer_shares answer = predicts(at);
            const answer_reading reading(schedule, predicts, level[f]);
            const double six[] = {at.signal, at.noise, answer.eps, answer.x0, reading.x0_of_x, reading.x0_of_answer};
            for (std::size_t k = 0; k < 6; ++k) of[k * frames + f] = static_cast<A>(six[k]);
        }
        const auto all = to_device<A>(ctx, of);
        const auto part = [&](int k) {
            return all.slice(k * static_cast<std::int64_t>(frames), static_cast<std::int64_t>(frames));
        };
        signal = part(0), noise = part(1), answer_eps = part(2), answer_x0 = part(3);
        x0_of_x = part(4), x0_of_answer = part(5);
    }

    /// x_t = signal x0 + noise eps
    void noisy(auto& ctx, auto x0, auto eps, auto x_t) const { ops::frame_blend(ctx, signal, x0, noise, eps, x_t); }
    /// What the network is to answer.
    void target(auto& ctx, auto x0, auto eps, auto answer) const {
        ops::frame_blend(ctx, answer_eps, eps, answer_x0, x0, answer);
    }
    /// The x0 of an answer.
    void x0_of(auto& ctx, auto x_t, auto answer, auto x0) const {
        ops::frame_blend(ctx, x0_of_x, x_t, x0_of_answer, answer, x0);
    }

    /// What recorded work that reads it is known by; the coefficients lie behind each other.
    void add_to(work_key& key) const { key.add(signal); }

  private:
    view<A, dynamic> signal, noise, answer_eps, answer_x0, x0_of_x, x0_of_answer;
};

} // namespace walt
