#include "../rows.hpp"

namespace ablate {
namespace {

template <int Channels> struct tokens_of : base_tokens { static constexpr int latent = Channels; };
template <int Channels> struct of_channels : base { static constexpr int channels = Channels; };
template <int Channels> row with(double paper) {
    const std::string name = std::to_string(Channels);
    return trained<of_channels<Channels>, tokens_of<Channels>>(
        name, paper, {.trained = "channels_" + name, .tokenizer = "channels_" + name});
}

const bool channels = list({7,
                            "channels",
                            "Latent channels (Table 3f)",
                            {with<2>(0), with<4>(86.4), the_base("8", 75.4), with<16>(67.0), with<32>(83.4)}});

} // namespace
} // namespace ablate
