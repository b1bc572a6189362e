// The convolutions that a training step of a tokenizer asks its device for, in units that nvcc need not read.
#pragma once

#include <walt/core/video.hpp>
#include <walt/ops/conv_geometry.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// What conv3d_on, conv3d_grad_input_on or conv3d_grad_weight_on was given: y of x, dx of dy, or dw of x and dy.
struct asked_convolution {
    enum passes { forward, grad_input, grad_weight };
    passes pass;
    walt::video_size x, y;
    std::int64_t in, out;
    walt::conv_geometry geometry;
    bool bias, add;        // of forward passes
    bool in_bf16, to_bf16; // the operands; the result
    friend bool operator==(const asked_convolution&, const asked_convolution&) = default;
};

/// The step of a preset at a batch, each convolution once.
struct asked_by {
    std::string whom; ///< "walt_tokenizer, 1 clip of 17 x 128 x 128, bf16"
    std::vector<asked_convolution> all;
};
std::vector<asked_by> asked_by_presets();
