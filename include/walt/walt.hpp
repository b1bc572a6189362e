// Everything of walt that a host compiler can build. What needs a library comes in when that library's header is there.
#pragma once

#include "config/presets.hpp"
#include "diffusion/cost.hpp"
#include "diffusion/ddim.hpp"
#include "diffusion/denoising.hpp"
#include "diffusion/dpm_solver.hpp"
#include "diffusion/held_out_loss.hpp"
#include "diffusion/measure_numbers.hpp"
#include "diffusion/sample.hpp"
#include "meta.hpp"
#include "reference.hpp"
#include "testing/gradient_check.hpp"
#include "testing/module_check.hpp"
#include "testing/relative_error.hpp"
#include "text/word_vectors.hpp"
#include "tokenizer/reconstruction.hpp"
#include "tokenizer/tokenizer.hpp"
#include "train/adafactor.hpp"
#include "train/early_stop.hpp"
#include "train/ema.hpp"
#include "train/plot_every.hpp"
#include "train/trainer.hpp"
#include "train/validation.hpp"
#include "transformer/denoiser.hpp"

#include "config/demo.hpp"
#include "data/batches.hpp"
#include "data/clips.hpp"
#include "data/latent_cache.hpp"
#include "data/latents.hpp"
#include "data/videos.hpp"
#include "io/frames.hpp"
#include "io/gif.hpp"
#include "io/plot.hpp"
#include "io/progress.hpp"

#if defined(__CUDACC__)            // a .cu file: nvcc cannot read the CPU device's vector code
#if __has_include(<cudnn_graph.h>) // walt::cuda
#include "cuda.cuh"
#endif
#elif __has_include(<dnnl.hpp>) // walt::cpu
#include "cpu.hpp"
#endif
#if __has_include(<jansson.h>) // walt::io
#include "io/safetensors.hpp"
#include "testing/golden.hpp"
#include "train/checkpoint.hpp"
#include "train/save_to.hpp"
#endif
#if __has_include(<zlib.h>) // walt::io
#include "data/moving_fashion.hpp"
#endif
#if __has_include(<png.h>) // walt::io
#include "io/png.hpp"
#endif
#if __has_include(<jpeglib.h>) // walt::io
#include "io/jpeg.hpp"
#endif
#if __has_include(<libavformat/avformat.h>) // walt::video
#include "io/mp4.hpp"
#endif
