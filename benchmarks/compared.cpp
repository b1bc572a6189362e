// What benchmarks/compare measures of walt, in turns with benchmarks/pytorch: steps of the denoiser, of the demo's
// tokenizer, whole samplings of a clip, and the rate of oneDNN's products on the models' own shapes. A benchmark
// "memory/..." is one step in a process that has done nothing else; it counts that process's peak (VmHWM) in bytes.
#include "process_memory.hpp"
#include "steps.hpp"

#include <walt/config/demo.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace walt::benchmarks;

/// The demo's denoiser with 8 blocks on a grid of 8 x 8.
struct demo_like : walt::presets::demo {
    static constexpr int height = 8, width = 8, depth = 8;
    static constexpr walt::window spatiotemporal_window{5, 8, 8};
};
/// Two blocks of W.A.L.T-L.
struct width_1024 : walt::denoiser_config {
    static constexpr int depth = 2;
};

template <class T> constexpr const char* name_of = "float32";
template <> constexpr const char* name_of<walt::bf16> = "bf16";

/// Registers what make(device) gives, a function that does the work once: as it is, and as "memory/...".
template <class Make> bool add(const std::string& name, double flops, const Make& make) {
    benchmark::RegisterBenchmark(name.c_str(),
                                 [=](benchmark::State& state) {
                                     walt::cpu::context device;
                                     const auto run = make(device);
                                     for (int i = 0; i < 3; ++i) run(); // primitives, and an arena in one piece
                                     for (auto _ : state) run();
                                     state.counters["flops"] = flops;
                                 })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("memory/" + name).c_str(), [=](benchmark::State& state) {
        const double before = process_memory("VmHWM");
        for (auto _ : state) {
            walt::cpu::context device;
            make(device)();
        }
        state.counters["peak"] = process_memory("VmHWM");
        state.counters["before"] = before;
    })->Iterations(1);
    return true;
}

/// A loss and its gradient, without self-conditioning's first pass; "rematerialised": with less memory for one more
/// forward pass.
template <class Config, class T>
bool training(const std::string& name, std::int64_t samples, walt::activations keep = walt::activations::all) {
    const char* const kind = keep == walt::activations::all ? "/training/" : "/rematerialised/";
    return add(
        name + kind + name_of<T>, walt::training_cost(Config{}, walt::compute<T>, samples).flops,
        [=](walt::cpu::context& device) {
            walt::denoising objective{.keep = keep};
            objective.self_conditioning_rate = 0;
            auto model =
                std::make_shared<walt::denoiser<walt::cpu::context, Config, T>>(device, Config{}, walt::compute<T>);
            auto gradient = std::make_shared<walt::buffer<float>>(device, model->extent);
            return [=, batch = drawn_batch<Config>(samples)] {
                walt::loss_of(objective, *model, batch, walt::gradients<float>{gradient->data()}, walt::philox{});
            };
        });
}

/// A pass of the network, as a step of a sampler without guidance.
template <class Config, class T> bool sampling(const std::string& name, std::int64_t samples) {
    return add(name + "/sampling/" + name_of<T>, walt::sampling_cost(Config{}, walt::compute<T>, samples).flops,
               [=](walt::cpu::context& device) {
                   const auto model = std::make_shared<walt::denoiser<walt::cpu::context, Config, T>>(device, Config{},
                                                                                                      walt::compute<T>);
                   return [=, &device] {
                       const walt::arena::scope scope(device.arena);
                       const auto input = drawn_input<Config>(device, samples);
                       model->predict(input, device.arena.take<float, walt::dynamic, Config::frames, Config::height,
                                                               Config::width, Config::channels>(samples));
                   };
               });
}

using tokenizer_config = walt::presets::demo_tokenizer;
template <class T> using tokenizer = walt::tokenizer<walt::cpu::context, tokenizer_config, T>;

/// Loss and gradient of the reconstruction of clips of the demo's size.
template <class T> bool tokenizer_training(std::int64_t samples) {
    return add(std::string("demo_tokenizer/training/") + name_of<T>, 0, [=](walt::cpu::context& device) {
        walt::clips batch{.shape = {samples, 17, 48, 48}};
        for (std::int64_t i = 0; i < batch.shape.size(); ++i)
            batch.pixels.push_back(2 * walt::philox{1, 1}.uniform(static_cast<std::uint64_t>(i)) - 1);
        auto model = std::make_shared<tokenizer<T>>(device, tokenizer_config{}, walt::compute<T>, walt::seed{1});
        auto gradient = std::make_shared<walt::buffer<float>>(device, model->extent);
        return [=] {
            walt::loss_of(walt::reconstruction{}, *model, batch, walt::gradients<float>{gradient->data()},
                          walt::philox{});
        };
    });
}

/// Latents to pixels.
template <class T> bool tokenizer_decoding(std::int64_t samples) {
    return add(std::string("demo_tokenizer/decoding/") + name_of<T>, 0, [=](walt::cpu::context& device) {
        auto model = std::make_shared<tokenizer<T>>(device, tokenizer_config{}, walt::compute<T>, walt::seed{1});
        return [=, latents = drawn_batch<walt::presets::demo>(samples)] { model->decode(latents); };
    });
}

/// A clip of the demo: 50 DDIM steps with guidance, and decoding.
template <class T> bool clip() {
    return add(std::string("demo/clip/") + name_of<T>, 0, [=](walt::cpu::context& device) {
        using config = walt::presets::demo;
        auto model =
            std::make_shared<walt::denoiser<walt::cpu::context, config, T>>(device, config{}, walt::compute<T>);
        auto decoder = std::make_shared<tokenizer<T>>(device, tokenizer_config{}, walt::compute<T>, walt::seed{1});
        return [=] {
            const walt::conditions told{.samples = 1, .text = drawn_batch<config>(1).text};
            walt::sample(*model, *decoder, told, {.sampler = walt::ddim{.steps = 50}, .guide = {.scale = 3.0f}});
        };
    });
}

struct product_shape {
    std::int64_t rows, in, out;
};

/// oneDNN's products y = x w + b with a weight in the layout that it prefers, one after another.
template <class T> bool products(const std::string& name, const std::vector<product_shape>& shapes) {
    double flops = 0;
    for (const product_shape& p : shapes)
        flops += 2.0 * static_cast<double>(p.rows) * static_cast<double>(p.in) * static_cast<double>(p.out);
    return add("products/" + name + "/" + name_of<T>, flops, [=](walt::cpu::context& device) {
        using namespace walt::cpu;
        struct one {
            onednn_primitive primitive;
            std::array<walt::buffer<std::byte>, 4> memory;
            std::array<onednn_tensor, 4> tensors;
        };
        auto all = std::make_shared<std::vector<one>>();
        for (const product_shape& p : shapes) {
            const onednn_layout x(onednn_type<T>(), {p.rows, p.in}, dnnl_ab),
                y(onednn_type<T>(), {p.rows, p.out}, dnnl_ab),
                any(onednn_type<T>(), {p.in, p.out}, dnnl_format_tag_any), b(dnnl_f32, {1, p.out}, dnnl_ab);
            const onednn_primitive made =
                device.library.cached({-1, p.rows, p.in, p.out, sizeof(T)}, false,
                                      [&](const_dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t* desc) {
                                          return describe(device.library, onednn_matmul, nullptr, attributes, desc,
                                                          x.get(), any.get(), b.get(), y.get());
                                      });
            const std::array layouts{x, onednn_layout(made, DNNL_ARG_WEIGHTS), b, y};
            const auto room = [&](std::size_t i) { return walt::buffer<std::byte>(device, layouts[i].bytes()); };
            one with{made, {room(0), room(1), room(2), room(3)}, {}};
            for (std::size_t i = 0; i < 4; ++i) {
                std::fill_n(with.memory[i].data(), layouts[i].bytes(),
                            std::byte{0x3c}); // a normal number in either type
                with.tensors[i] = device.library.wrap(layouts[i], with.memory[i].data());
            }
            all->push_back(std::move(with));
        }
        return [all, &device] {
            for (const one& p : *all)
                device.library.run(device.arena, p.primitive,
                                   {{DNNL_ARG_SRC, p.tensors[0]},
                                    {DNNL_ARG_WEIGHTS, p.tensors[1]},
                                    {DNNL_ARG_BIAS, p.tensors[2]},
                                    {DNNL_ARG_DST, p.tensors[3]}});
        };
    });
}

template <class T> bool all() {
    training<demo_like, T>("demo_like", 32);
    sampling<demo_like, T>("demo_like", 8);
    training<width_1024, T>("width_1024", 2);
    training<demo_like, T>("demo_like", 32, walt::activations::rematerialise);
    training<width_1024, T>("width_1024", 2, walt::activations::rematerialise);
    sampling<width_1024, T>("width_1024", 2);
    tokenizer_training<T>(3);
    tokenizer_decoding<T>(4);
    clip<T>();
    const auto block = [](std::int64_t rows, std::int64_t d) { // qkv, out, fc1, fc2
        return std::vector<product_shape>{{rows, d, 3 * d}, {rows, d, d}, {rows, d, 4 * d}, {rows, 4 * d, d}};
    };
    products<T>("demo_like/training", block(32 * 320, 256));
    products<T>("demo_like/sampling", block(8 * 320, 256));
    return products<T>("width_1024", block(2 * 1280, 1024)); // the same in training and sampling
}

[[maybe_unused]] const bool registered = all<float>() && all<walt::bf16>();

} // namespace
