// Models, their training and sampling, and the devices that a host compiler can build. Files and pictures:
// walt/files.hpp; checks for your own modules: walt/testing.hpp. What needs a library comes in when that library's
// header is there.
#pragma once

#include "config/demo.hpp"
#include "config/presets.hpp"
#include "critic/adversary.hpp"
#include "critic/critic.hpp"
#include "critic/losses.hpp"
#include "data/batches.hpp"
#include "data/latent_cache.hpp"
#include "data/latent_pairs.hpp"
#include "data/videos.hpp"
#include "diffusion/cascade.hpp"
#include "diffusion/cascade_cost.hpp"
#include "diffusion/ddim.hpp"
#include "diffusion/denoising.hpp"
#include "diffusion/dpm_solver.hpp"
#include "diffusion/held_out_loss.hpp"
#include "diffusion/long_video.hpp"
#include "diffusion/measure_numbers.hpp"
#include "diffusion/sample.hpp"
#include "io/progress.hpp"
#include "measures/inception_score.hpp"
#include "measures/pixels.hpp"
#include "measures/reconstructions.hpp"
#include "meta.hpp"
#include "perceptual/distance.hpp"
#include "perceptual/st_lpips.hpp"
#include "reference.hpp"
#include "text/bert.hpp"
#include "text/network_encoder.hpp"
#include "text/t5.hpp"
#include "text/vocabulary.hpp"
#include "text/word_table.hpp"
#include "text/word_vectors.hpp"
#include "tokenizer/memory_plan.hpp"
#include "tokenizer/reconstruction.hpp"
#include "tokenizer/streaming.hpp"
#include "tokenizer/tiling.hpp"
#include "tokenizer/tokenizer.hpp"
#include "tokenizer/tokenizing.hpp"
#include "train/adafactor.hpp"
#include "train/early_stop.hpp"
#include "train/ema.hpp"
#include "train/recipe.hpp"
#include "train/trainer.hpp"
#include "train/validation.hpp"
#include "transformer/denoiser.hpp"
#include "transformer/more_inputs.hpp"

#if defined(__CUDACC__)            // a .cu file: nvcc cannot read the CPU device's vector code
#if __has_include(<cudnn_graph.h>) // walt::cuda
#include "cuda.cuh"
#endif
#elif __has_include(<dnnl.h>) // walt::cpu
#include "cpu.hpp"
#endif
