// What a critic minimises, and what a generator gets of it (docs/model.md 12): the non-saturating loss, R1 on the real
// clips, LeCam. A batch may have clips of several sizes, videos and images, each of which has one logit.
#pragma once

#include "../core/philox.hpp"
#include "../ops/adversarial.hpp"
#include "../ops/optimizer.hpp"
#include "critic.hpp"

#include <vector>

namespace walt {

/// The terms of a batch [1] each, unweighted, and the mean logits [2] of its real and of its decoded clips.
template <class A> struct critic_terms {
    view<A, 1> adversarial, gan, r1, lecam;
    view<A, 2> means;

    /// In the arena's open scope, or in memory of six numbers.
    static critic_terms in(view<A, dynamic> six) {
        require(six.size() == 6, "a critic's terms are 6 numbers; there is room for {}", six.size());
        const auto at = [&](int i) { return six.slice(i, 1).data(); };
        return {view<A, 1>(at(0)), view<A, 1>(at(1)), view<A, 1>(at(2)), view<A, 1>(at(3)), view<A, 2>(at(4))};
    }
};

/// A batch before a critic: every real clip, what a tokenizer decoded of it, and what the critic made of both. All of
/// it lies in the arena: whoever makes one opens an arena::scope around it.
template <class Critic> class judged {
  public:
    using A = typename Critic::master_type;
    using T = typename Critic::compute_type;
    using network = typename Critic::module_type;
    using saved = typename network::template saved<T>;
    using clip = video_view<A, network::pixel_channels>;

    /// Clips of one size, and their values.
    struct group {
        clip pixels;
        saved made;
        std::int64_t first; ///< of the batch's logits
    };

    /// real[i] and decoded[i] have one size.
    judged(const Critic& critic, const std::vector<clip>& real_clips, const std::vector<clip>& decoded_clips) {
        auto& ctx = critic.context();
        const auto forward = [&](const std::vector<clip>& clips, std::vector<group>& groups, auto& logits) {
            std::int64_t count = 0, first = 0;
            for (const clip& one : clips) count += one.extent(0);
            logits = ctx.arena.template take<A, dynamic>(count);
            for (const clip& one : clips) {
                groups.push_back({one, saved(ctx.arena, size_of(one)), first});
                const saved& made = groups.back().made;
                critic.network().forward(ctx, critic.weights(), one, made);
                ops::convert(ctx, made.logit, logits.slice(first, one.extent(0)));
                first += one.extent(0);
            }
        };
        forward(real_clips, real, real_logits);
        forward(decoded_clips, decoded, decoded_logits);
    }

    std::vector<group> real, decoded;
    view<A, dynamic> real_logits, decoded_logits; ///< of all groups

    /// Writes adv = mean softplus(-D(decoded)) to `loss` and adds weight times its gradient to dx[i], of decoded[i].
    void generator_loss(const Critic& critic, double weight, view<A, 1> loss, const std::vector<clip>& dx) const {
        auto& ctx = critic.context();
        const arena::scope scope(ctx.arena);
        const auto dlogits = ctx.arena.template take<A, dynamic>(decoded_logits.size());
        ops::softplus_loss(ctx, decoded_logits, -1, loss, dlogits);
        ops::blend(ctx, weight, dlogits, 0, none{}, dlogits);
        for (std::size_t i = 0; i < decoded.size(); ++i) {
            const arena::scope inner(ctx.arena);
            const video_size size = size_of(decoded[i].pixels);
            const saved kept(ctx.arena, size);
            const auto dclip = size.template take<A, network::pixel_channels>(ctx.arena);
            critic.network().backward(ctx, critic.weights(), decoded[i].made,
                                      dlogits.slice(decoded[i].first, size.batch), kept, dclip);
            ops::accumulate(ctx, dclip, dx[i]);
        }
    }
};

/// An objective of a critic: gan + r1 R1 + lecam LeCam, on what it made of a batch. Each term at weight 0 is left out.
/// The terms come out beside the loss.
template <class A> struct critic_objective {
    float gan = 1;         ///< mean softplus(-D(x)) + mean softplus(D(decoded))
    float r1 = 10;         ///< times the mean over clips of the squared gradient of D(x) by pixels in [0, 1]
    float lecam = 0.001f;  ///< times the squares of how far the mean logits are beyond the other's average
    view<A, 2> averages{}; ///< of the mean logits of real and of decoded clips, over the steps before
    critic_terms<A> terms{};

    template <class Critic, class Sink>
    void operator()(const Critic& critic, const judged<Critic>& batch, const Sink& g, philox, view<A, 1> loss) const {
        auto& ctx = critic.context();
        const arena::scope scope(ctx.arena);
        const auto like = [&](const auto& x) { return ctx.arena.template take<A, dynamic>(x.size()); };
        const auto dreal = like(batch.real_logits), dfake = like(batch.decoded_logits), dreal_lecam = like(dreal),
                   dfake_lecam = like(dfake), fake_loss = ctx.arena.template take<A, dynamic>(1);
        ops::softplus_loss(ctx, batch.real_logits, -1, terms.gan, dreal);
        ops::softplus_loss(ctx, batch.decoded_logits, +1, fake_loss, dfake);
        ops::accumulate(ctx, fake_loss, terms.gan);
        ops::lecam(ctx, batch.real_logits, batch.decoded_logits, averages, terms.means, terms.lecam, dreal_lecam,
                   dfake_lecam);
        ops::blend(ctx, gan, dreal, lecam, dreal_lecam, dreal);
        ops::blend(ctx, gan, dfake, lecam, dfake_lecam, dfake);

        const bool of_slopes = r1 != 0, of_logits = gan != 0 || lecam != 0;
        std::size_t passes =
            of_slopes * batch.real.size() + of_logits * (batch.real.size() + batch.decoded.size()); // to come
        const auto pass = [&] { return one_of_passes{g, --passes == 0}; };
        ops::fill(ctx, terms.r1, 0);
        for (const auto& group : batch.real) {
            if (of_slopes) add_r1(critic, group, batch.real_logits.size(), pass());
            if (of_logits) add_gradient(critic, group, dreal, pass());
        }
        if (of_logits)
            for (const auto& group : batch.decoded) add_gradient(critic, group, dfake, pass());
        ops::blend(ctx, gan, terms.gan, r1, terms.r1, loss);
        ops::blend(ctx, 1, loss, lecam, terms.lecam, loss);
    }

  private:
    static constexpr double pixel_scale = 2; ///< clips are in [-1, 1], the penalty is on pixels in [0, 1]

    template <class Critic, class Sink>
    static void add_gradient(const Critic& critic, const typename judged<Critic>::group& of, view<A, dynamic> dlogits,
                             const Sink& g) {
        auto& ctx = critic.context();
        const arena::scope scope(ctx.arena);
        const typename judged<Critic>::saved kept(ctx.arena, size_of(of.pixels));
        critic.network().backward(ctx, critic.weights(), of.made, dlogits.slice(of.first, of.pixels.extent(0)), kept,
                                  none{});
        critic.network().backward_parameters(ctx, of.made, kept, g);
    }

    /// R1 = mean |scale v|^2 with v = dD/dx. D is linear near x, so D's change along v, held, is |v|^2: half of the
    /// gradient of |v|^2 is that of the change, and the tangent pass makes what its weights' gradients need.
    template <class Critic, class Sink>
    void add_r1(const Critic& critic, const typename judged<Critic>::group& of, std::int64_t clips,
                const Sink& g) const {
        auto& ctx = critic.context();
        const auto& net = critic.network();
        const arena::scope scope(ctx.arena);
        const video_size size = size_of(of.pixels);
        const typename judged<Critic>::saved kept(ctx.arena, size), changes(ctx.arena, size);
        const auto v = size.template take<A, Critic::module_type::pixel_channels>(ctx.arena);
        const auto ones = ctx.arena.template take<A, dynamic>(size.batch),
                   value = ctx.arena.template take<A, dynamic>(1);
        const auto squares = ctx.arena.template take<double, 1>();
        const double share = pixel_scale * pixel_scale / static_cast<double>(clips);
        ops::fill(ctx, ones, 1);
        net.backward(ctx, critic.weights(), of.made, ones, kept, v);
        ops::sum_of_squares(ctx, v, squares);
        ops::convert(ctx, squares, value);
        ops::blend(ctx, 1, terms.r1, share, value, terms.r1);
        ops::blend(ctx, 2 * share * static_cast<double>(r1), v, 0, none{}, v);
        net.tangent(ctx, critic.weights(), v, of.made, changes);
        net.backward_parameters(ctx, changes, kept, without_biases{g});
    }
};

} // namespace walt
