// Models out of files: the storages `inference` and `mapped` give the resident model's results bit for bit, hold no
// more than they say, and refuse what is not theirs.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/cpu.hpp>
#include <walt/io/mapped.hpp>
#include <walt/reference.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/transformer/denoiser.hpp>

#include <type_traits>

using namespace walt;

namespace {

/// A device that counts what models allocate.
template <class Context = reference::context> struct counting : Context {
    std::size_t bytes = 0;
    memory allocate(std::size_t count) {
        bytes += count;
        return allocate_host(count);
    }
};

template <int Depth> struct deep : denoiser_config {
    static constexpr int frames = 2, height = 4, width = 4, channels = 4, hidden = 32, heads = 2, depth = Depth,
                         classes = 3;
    static constexpr window spatiotemporal_window{0, 2, 2};
};
struct tokens : tokenizer_config {
    static constexpr int channels = 4, blocks = 3, latent = 3, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};

/// Every parameter, also those that start as zeros, becomes random.
template <class Model> void randomise(Model& model) {
    auto values = model.host_masters();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += 0.1f * philox{5, 6}.normal(i);
    model.assign(values);
}

/// The network's answer about random latents.
template <class Model> std::vector<float> answer(const Model& model, std::uint64_t about) {
    using config = typename Model::config_type;
    auto& ctx = model.context();
    const arena::scope scope(ctx.arena);
    std::vector<float> noisy(2 * config::frames * config::height * config::width * config::channels);
    for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] = philox{about, 1}.normal(i);
    typename Model::input in;
    in.noisy = typename Model::input::latent(to_device<float>(ctx, noisy).data(), 2);
    in.step = to_device<std::int32_t>(ctx, std::vector<int>{10, 10, 700, 500}).read();
    in.is_image = to_device<std::uint8_t>(ctx, std::vector<int>{0, 1}).read();
    in.label = to_device<std::int32_t>(ctx, std::vector<int>{0, 0, 1, 3}).read();
    const typename Model::latent v(to_device<float>(ctx, noisy).data(), 2);
    model.predict(in, v);
    ctx.download(noisy.data(), v.data(), noisy.size() * sizeof(float));
    return noisy;
}

template <class Context, class T, class Stored, int Depth> void same_answers() {
    CAPTURE(Context::name, Depth, dtype_name<T>(), dtype_name<Stored>());
    const temporary_folder folder;
    const auto path = folder.path / "weights";
    Context ctx, a, b;
    denoiser model(ctx, deep<Depth>{}, compute<T>, seed{1});
    randomise(model);
    save_weights<Stored>(path, model);
    load_weights(path, model); // what Stored keeps of them
    denoiser inferring(a, deep<Depth>{}, compute<T>, weights_file(path));
    denoiser mapping(b, deep<Depth>{}, compute<T>, mapped_weights(path));
    STATIC_REQUIRE(std::is_same_v<typename decltype(inferring)::storage_type, inference>);
    STATIC_REQUIRE(std::is_same_v<typename decltype(mapping)::storage_type, mapped>);
    for (std::uint64_t pass = 0; pass < 3; ++pass) {
        const auto expected = answer(model, pass);
        CHECK(std::any_of(expected.begin(), expected.end(), [](float x) { return std::abs(x) > 0.1f; }));
        CHECK(answer(inferring, pass) == expected);
        CHECK(answer(mapping, pass) == expected);
    }
    CHECK(mapping.host_masters() == model.host_masters());
}

} // namespace

TEST_CASE("a model out of a file answers as the resident one, to the last bit") {
    same_answers<reference::context, float, float, 1>();
    same_answers<reference::context, float, float, 2>();
    same_answers<reference::context, float, bf16, 7>();
    same_answers<cpu::context, bf16, bf16, 4>();
    same_answers<cpu::context, bf16, float, 5>();
}

TEST_CASE("a tokenizer out of a file does so too") {
    const temporary_folder folder;
    const auto path = folder.path / "weights";
    reference::context ctx;
    tokenizer model(ctx, tokens{}, compute<float>, seed{1});
    randomise(model);
    save_weights<float>(path, model);
    const tokenizer inferring(ctx, tokens{}, compute<float>, weights_file(path));
    const tokenizer mapping(ctx, tokens{}, compute<float>, mapped_weights(path));
    for (const auto& row : model.table()) {
        std::vector<float> expected(row.size), found(row.size);
        model.get(row, expected);
        inferring.get(row, found);
        CHECK(found == expected);
    }
    const auto size = video_size{1, 3, 8, 8};
    const auto encoded = [&](const auto& of) {
        const arena::scope scope(ctx.arena);
        const auto x = size.take<float, 3>(ctx.arena);
        for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] = philox{2, 2}.normal(static_cast<std::uint64_t>(i));
        const auto z = of.network().latent_size(size).template take<float, tokens::latent>(ctx.arena);
        of.network().encode(ctx, of.weights(), x, z);
        return std::vector<float>(z.data(), z.data() + z.size());
    };
    const auto expected = encoded(model);
    CHECK(encoded(inferring) == expected);
    CHECK(encoded(mapping) == expected);
    CHECK(encoded(mapping) == expected);
}

TEST_CASE("blocks come in backward's order as well, and two at a time") {
    const temporary_folder folder;
    const auto path = folder.path / "weights";
    reference::context ctx;
    denoiser model(ctx, deep<6>{}, compute<float>, seed{1});
    randomise(model);
    save_weights<float>(path, model);
    const denoiser mapping(ctx, deep<6>{}, compute<float>, mapped_weights(path));
    const auto& blocks = model.network().blocks;
    for (const int i : {0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0, 5, 0, 3, 2, 4, 4, 1}) {
        blocks.at(i, [&](const auto& block, shift) {
            const auto expected = model.weights().block(blocks, i), found = mapping.weights().block(blocks, i);
            const auto other = mapping.weights().block(blocks, 5 - i);
            const auto a = expected(block.mlp.fc1.weight), b = found(block.mlp.fc1.weight);
            const auto c = expected.exact(block.mlp.fc1.bias), d = found.exact(block.mlp.fc1.bias);
            CAPTURE(i);
            CHECK(std::equal(a.data(), a.data() + a.size(), b.data()));
            CHECK(std::equal(c.data(), c.data() + c.size(), d.data()));
            CHECK(other.compute != found.compute);
        });
    }
}

TEST_CASE("a storage allocates what it says") {
    const temporary_folder folder;
    const auto path = folder.path / "weights";
    constexpr auto& placed_deep = placed<transformer<deep<24>>>;
    counting<> training, inferring, mapping;
    const denoiser model(training, deep<24>{}, compute<float>, seed{1});
    save_weights<bf16>(path, model);
    const denoiser a(inferring, deep<24>{}, compute<float>, weights_file(path));
    const denoiser b(mapping, deep<24>{}, compute<float>, mapped_weights(path));
    constexpr auto& blocks = placed_deep.blocks;
    const std::size_t even = blocks.second.all - blocks.begin.all, block = std::max(even, blocks.stride.all - even),
                      outside = placed_deep.extent - 12 * blocks.stride.all;
    answer(b, 1);
    CHECK(training.bytes == placed_deep.extent * sizeof(float));
    CHECK(inferring.bytes == placed_deep.extent * sizeof(float)); // float's copy is its masters
    CHECK(mapping.bytes == (outside + placed_deep.exact_extent + block) * sizeof(float));
    CHECK(mapping.bytes < training.bytes / 4);

    counting<cpu::context> training_half, inferring_half,
        mapping_half; // in bf16 the copy is half of the masters, and they can go
    const denoiser c(training_half, deep<24>{}, compute<bf16>, seed{1});
    const denoiser d(inferring_half, deep<24>{}, compute<bf16>, weights_file(path));
    const denoiser e(mapping_half, deep<24>{}, compute<bf16>, mapped_weights(path));
    answer(e, 1);
    const std::size_t exact = placed_deep.exact_extent * sizeof(float);
    CHECK(training_half.bytes == placed_deep.extent * (sizeof(float) + sizeof(bf16)));
    CHECK(inferring_half.bytes == placed_deep.extent * sizeof(bf16) + exact);
    CHECK(mapping_half.bytes == (outside + block) * sizeof(bf16) + exact);
}

TEST_CASE("parameters that are named come out of another model's file, and the others stay") {
    const temporary_folder folder;
    const auto path = folder.path / "weights";
    reference::context ctx;
    denoiser shallow(ctx, deep<1>{}, compute<float>, seed{1});
    denoiser before(ctx, deep<2>{}, compute<float>, seed{2}), model(ctx, deep<2>{}, compute<float>, seed{2});
    randomise(shallow);
    save_weights<float>(path, shallow);
    load_weights(path, model, only("blocks.0.*", "final.out.*"));
    int taken = 0;
    for (const parameter_row& row : model.table()) {
        std::vector<float> now(row.size), own(row.size), theirs(row.size);
        model.get(row, now);
        before.get(row, own);
        const auto same = std::find_if(shallow.table().begin(), shallow.table().end(),
                                       [&](const parameter_row& other) { return other.name == row.name; });
        const bool named = row.name.starts_with("blocks.0.") || row.name.starts_with("final.out.");
        CAPTURE(row.name);
        if (named) shallow.get(*same, theirs);
        CHECK(now == (named ? theirs : own));
        taken += named;
    }
    CHECK(taken > 5);
    CHECK_THROWS_WITH(load_weights(path, model, only("block.*")), Catch::Contains("block.* names no parameter"));
    CHECK_THROWS_WITH(load_weights(path, model, only("blocks.1.*")), Catch::Contains("has no tensor blocks.1."));
}

TEST_CASE("a file of another model, a cut one or an absent one is refused in one sentence") {
    const temporary_folder folder;
    const auto path = folder.path / "weights";
    reference::context ctx;
    const denoiser model(ctx, deep<6>{}, compute<float>, seed{1});
    save_weights<float>(path, model);
    const auto refused = [&](auto config, const auto& from, const char* why) {
        CHECK_THROWS_WITH(denoiser(ctx, config, compute<float>, from), Catch::Contains(why));
    };
    refused(deep<5>{}, weights_file(path), "depth is 6 in the file and 5 in the model");
    refused(deep<5>{}, mapped_weights(path), "depth is 6 in the file and 5 in the model");
    refused(deep<6>{}, mapped_weights(folder.path / "absent"), "there is no such file");

    denoiser mapping(ctx, deep<6>{}, compute<float>, mapped_weights(path));
    const auto& row = mapping.table().front();
    const std::vector<float> values(row.size);
    CHECK_THROWS_WITH(mapping.set(row, values), Catch::Contains("a mapped model has the values of its file, "));
    CHECK_THROWS_WITH(clone(mapping), Catch::Contains("a mapped model has the values of its file"));
    const auto before = answer(share(mapping), 1);
    CHECK(answer(mapping, 1) == before);

    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2); // while it is in use
    CHECK_THROWS_WITH((answer(mapping, 1), answer(mapping, 1)), Catch::Contains("was cut to"));
    refused(deep<6>{}, weights_file(path), "that the file has");
    refused(deep<6>{}, mapped_weights(path), "that the file has");
}
