// All that reads or writes files: weights, a run's state and log, plots, pictures, videos, datasets in folders.
#pragma once

#include "io/gif.hpp"
#include "io/output_names.hpp"
#include "io/plot.hpp"
#include "io/text_lines.hpp"
#include "text/wordpiece.hpp"
#include "train/csv_log.hpp"
#include "train/evaluate_every.hpp"
#include "train/measures_log.hpp"
#include "train/plot_every.hpp"
#include "train/terms_log.hpp"

#if __has_include(<jansson.h>) // walt::io
#include "io/feature_weights.hpp"
#include "io/mapped.hpp"
#include "io/pretrained.hpp"
#include "io/safetensors.hpp"
#include "io/safetensors_writer.hpp"
#include "io/weights.hpp"
#include "perceptual/item_features.hpp"
#include "text/cached_encoder.hpp"
#include "text/read_word_table.hpp"
#include "text/trained_text.hpp"
#include "train/json_log.hpp"
#include "train/save_to.hpp"
#include "transformer/adapt.hpp"
#endif
#if __has_include(<sentencepiece_processor.h>) // walt::text
#include "text/sentencepiece.hpp"
#endif
#if __has_include(<zlib.h>) // walt::io
#include "data/moving_fashion.hpp"
#endif
#if __has_include(<png.h>) // walt::io
#include "io/png.hpp"
#endif
#if __has_include(<png.h>) && __has_include(<jansson.h>)
#include "train/tensorboard_log.hpp"
#endif
#if __has_include(<jpeglib.h>) // walt::io
#include "io/jpeg.hpp"
#endif
#if __has_include(<png.h>) && __has_include(<jpeglib.h>)
#include "data/class_folder.hpp"
#include "data/image_folder.hpp"
#include "io/image.hpp"
#endif
#if __has_include(<libavformat/avformat.h>) // walt::video
#include "data/long_video.hpp"
#include "data/video_folder.hpp"
#include "io/mp4.hpp"
#endif
