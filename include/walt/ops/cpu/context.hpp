// The CPU device: walt's own and oneDNN's products, oneDNN's convolutions, vector loops on all cores for the rest;
// float and bf16.
#pragma once

#include "../reference/context.hpp"
#include "onednn.hpp"
#include "parallel.hpp"
#include "tile_registers.hpp"

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// The ops that run the reference's loops here, in one thread: they are small, or called a few times a pass. A test
/// holds the folder to this list, so that no other op falls back to them unnoticed.
inline constexpr const char* plain_ops[] = {"gradient_scale",
                                            "add_rows",
                                            "add_rows_grad",
                                            "denormalise",
                                            "fill",
                                            "latent_statistics",
                                            "latent_statistics_grad",
                                            "lecam",
                                            "lookup",
                                            "normalise",
                                            "patchify_constant",
                                            "rescale_std",
                                            "sinusoid",
                                            "softplus_loss",
                                            "valid_rows",
                                            "valid_rows_grad"};

/// Who multiplies large matrices: `fastest` is walt's vectors, but oneDNN for bf16 on a processor with AMX, and on one
/// that multiplies bf16 where walt is compiled for one that does not.
enum class multiplier { fastest, vectors, onednn };

class resting_weights;

/// The fast CPU device. It inherits the reference's ops and has its own of all but plain_ops.
struct context : reference::context {
    static constexpr const char* name = "cpu";
    onednn library;
    multiplier products = multiplier::fastest; ///< for linear maps
    resting_weights* resting = nullptr;        ///< those that nobody writes now
};

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
