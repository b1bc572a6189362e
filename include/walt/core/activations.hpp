// How much a pass through a network keeps for the pass back: one ladder for all networks.
#pragma once

namespace walt {

enum class activations {
    none,           ///< nothing: inference. Memory is given back as the pass goes on
    input_gradient, ///< what the gradients of the inputs need: the network is frozen and passes a gradient through
    all,            ///< what all gradients need: the fastest backward pass
    rematerialise,  ///< the inputs of blocks only; a block runs forward again before it runs backward
};

/// Whether a backward pass may follow.
constexpr bool keeps_activations(activations kept) { return kept != activations::none; }

} // namespace walt
