// The tokenizer's whole objective chunk by chunk: pixels and a perceptual distance of each chunk, a critic of the whole
// clip. All gradients and terms are those of the whole video at once.
#include "../tokenizer/streams.hpp"
#include "../tokenizer/tensor_errors.hpp"

#include <walt/cpu.hpp>
#include <walt/critic/adversary.hpp>
#include <walt/perceptual/distance.hpp>
#include <walt/perceptual/vgg.hpp>
#include <walt/tokenizer/tokenizing.hpp>

#include <type_traits>

using namespace walt;
using namespace walt::testing;

namespace {

using network = tokenizer_network<four_frames>;

template <int Frames> struct tiny_critic : critic_config {
    static constexpr int channels = 3, dense = 4, frames = Frames, height = 8, width = 12;
    static constexpr std::array<int, 5> multipliers{1, 2, 2, 1, 1};
};
struct tiny_features : vgg16 {
    static constexpr std::array widths{4, 6}, convolutions{1, 1};
};

template <class T> struct result {
    double loss = 0;
    std::vector<double> terms, critic;
    std::vector<accumulate_t<T>> gradient;
    std::size_t peak = 0;
};
/// Of one micro-batch, and the critic's step of it.
template <class Context, class T, int Frames> result<T> trained(const tokenizer_losses& losses, const clips& batch) {
    using A = accumulate_t<T>;
    Context ctx;
    const auto rounded = [](auto&& model) { // the same numbers for every type
        const std::vector<A> masters = model.host_masters();
        const std::vector<float> single(masters.begin(), masters.end());
        model.assign(std::vector<A>(single.begin(), single.end()));
    };
    auto tokens = made_tokenizer<T, four_frames>(ctx);
    walt::critic judge(ctx, tiny_critic<Frames>{}, compute<T>, seed{2});
    rounded(tokens);
    rounded(judge);
    perceptual_distance distance(ctx, perceptual_network<vgg<tiny_features>, false>{}, compute<T>, seed{3});
    rounded(distance.net());
    adversary opponent(judge);
    tokenizing goal(tokens, losses, opponent, distance);

    buffer<A> gradient(ctx, tokens.extent);
    result<T> made;
    const arena::scope scope(ctx.arena);
    const auto loss = ctx.arena.template take<A, 1>();
    goal(tokens, batch, gradients<A>{gradient.data()}, philox{7, 3}, loss);
    made.loss = static_cast<double>(golden_tokenizer::downloaded(ctx, loss).front());
    made.gradient = golden_tokenizer::downloaded(ctx, gradient.all());
    made.peak = ctx.arena.peak();
    const auto of_critic = opponent.update();
    made.terms = {of_critic.adversarial, of_critic.gan,     of_critic.r1,
                  of_critic.real,        of_critic.decoded, of_critic.step.gradient_norm};
    for (const A x : judge.host_masters()) made.critic.push_back(static_cast<double>(x));
    return made;
}

template <class Context, class T, int Frames> void check(double most, bool with_images = false) {
    clips batch = noisy_clips(2, Frames);
    if (with_images) batch.is_image = {0, 1};
    batch.present.assign(std::size_t{2} * Frames * 8 * 12, 1);
    std::fill_n(batch.present.begin() + 8 * 12 / 2, 8 * 12 * 2, std::uint8_t{0}); // in two of the first three frames
    tokenizer_losses losses{.adversarial = 3, .perceptual = 0.7f, .latent_pull = 0.7f, .latent_noise = 0.1f};
    const auto whole = trained<Context, T, Frames>(losses, batch);
    const auto exact = trained<reference::context, double, Frames>(losses, batch);
    const tensor_errors of_whole = errors_of<network>(whole.gradient, exact.gradient);
    for (const std::int64_t chunk : {1, 3, 4, 8})
        for (const activations keep : {activations::all, activations::rematerialise}) {
            if (keep == activations::rematerialise && chunk % 2 == 0) continue;
            losses.chunk = chunk;
            losses.keep = keep;
            const auto parts = trained<Context, T, Frames>(losses, batch);
            const double error = errors_of<network>(parts.gradient, whole.gradient).worst;
            const tensor_errors of_parts = errors_of<network>(parts.gradient, exact.gradient);
            INFO(Context::name << ' ' << dtype_name<T>() << ", " << Frames << " frames in chunks of " << chunk << ": "
                               << error << " from the whole video; from double " << of_parts.worst << " (worst tensor) "
                               << of_parts.mean << " (mean), the whole video " << of_whole.worst << ' '
                               << of_whole.mean);
            CHECK(error <= most);
            CHECK(parts.loss == Approx(whole.loss).epsilon(most));
            for (std::size_t i = 0; i < whole.terms.size(); ++i) {
                CAPTURE(i);
                CHECK(parts.terms[i] == Approx(whole.terms[i]).epsilon(most));
            }
            if constexpr (std::is_same_v<T, double>) CHECK(relative_error(parts.critic.data(), whole.critic) <= most);
            else {
                CHECK(of_parts.worst <= 1.25 * of_whole.worst);
                CHECK(of_parts.mean <= 1.25 * of_whole.mean);
            }
            if (chunk == 1) CHECK(parts.peak < whole.peak);
        }
}

} // namespace

TEST_CASE("the tokenizer's whole objective in chunks", "[tokenizer][adversary][streaming]") {
    SECTION("reference, double") { check<reference::context, double, 33>(1e-12); }
    SECTION("reference, double, clips and images") { check<reference::context, double, 17>(1e-12, true); }
    SECTION("cpu, float") { check<cpu::context, float, 17>(1e-5); }
}
