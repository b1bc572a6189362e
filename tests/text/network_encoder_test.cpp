// Networks as text encoders: weights from others' files, texts through a network, the cache on disk, and a denoiser
// that is told by one.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/config/denoiser.hpp>
#include <walt/cpu.hpp>
#include <walt/diffusion/sample.hpp>
#include <walt/io/pretrained.hpp>
#include <walt/text/bert.hpp>
#include <walt/text/cached_encoder.hpp>
#include <walt/text/captions.hpp>
#include <walt/text/network_encoder.hpp>
#include <walt/text/t5.hpp>
#include <walt/transformer/denoiser.hpp>

#include <fstream>
#include <limits>

using namespace walt;

namespace {

struct small : t5_config {
    static constexpr int layers = 2, width = 16, heads = 2, head_dim = 6, ff = 24, vocabulary = 30;
};
struct small_bert : bert_config {
    static constexpr int layers = 2, width = 16, heads = 2, ff = 24, vocabulary = 30, positions = 12;
};

struct tight : small {
    static constexpr int vocabulary = 20;
};
/// A denoiser that takes eight positions of small's width.
struct told_by_text : denoiser_config {
    static constexpr int frames = 2, height = 2, width = 4, channels = 3, hidden = 16, heads = 2, depth = 1,
                         text_dim = 16, text_tokens = 8;
    static constexpr window spatiotemporal_window{0, 2, 2};
};

/// A token a letter, 2 for a to 27 for z, and 1 behind them.
struct letters {
    static constexpr int least_tokens = 2;
    token_list operator()(std::string_view text, int max_tokens) const {
        token_list made;
        for (const char c : text) {
            if (c < 'a' || c > 'z') continue;
            if (made.words + 1 < static_cast<std::size_t>(max_tokens)) {
                made.ids.push_back(c - 'a' + 2);
                ++made.words;
            } else ++made.cut;
        }
        made.ids.push_back(1);
        return made;
    }
    int vocabulary() const { return 28; }
    std::int32_t padding() const { return 0; }
    std::uint64_t fingerprint() const { return 1; }
};

/// Numbers that F16 and BF16 hold: multiples of 1 / 16 below 4, other ones for each tensor.
std::vector<float> numbers_of(const parameter_row& row) {
    std::vector<float> values(row.size);
    for (std::size_t i = 0; i < row.size; ++i)
        values[i] = static_cast<float>(static_cast<int>((i * 7 + row.name.size() * 5 + row.offset) % 64) - 31) / 16;
    return values;
}
std::uint16_t as_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if (value == 0) return static_cast<std::uint16_t>(bits >> 16);
    return static_cast<std::uint16_t>((bits >> 16 & 0x8000u) | ((bits >> 23 & 0xffu) - 112u) << 10 |
                                      (bits >> 13 & 0x3ffu));
}

/// The tensors of a network with numbers_of, as files have them.
struct stored {
    std::string dtype;
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> tensors{};
    std::map<std::string, std::vector<float>> values{};

    template <class Network> static stored of(const std::string& dtype) {
        stored made{dtype};
        for (const parameter_row& row : parameter_table<Network>()) made.add(row.name, row.shape, numbers_of(row));
        return made;
    }
    void add(const std::string& name, const std::vector<std::int64_t>& shape, std::vector<float> numbers) {
        tensors.emplace_back(name, shape);
        values[name] = std::move(numbers);
    }
    /// Tensors first, first + every, ...
    std::filesystem::path save(const std::filesystem::path& path, std::size_t first = 0, std::size_t every = 1) const {
        safetensors_writer file;
        for (std::size_t i = first; i < tensors.size(); i += every) {
            const std::vector<float>& numbers = values.at(tensors[i].first);
            file.add(tensors[i].first, dtype, tensors[i].second,
                     [&numbers, this](const safetensors_writer::write& write) {
                         for (const float value : numbers) {
                             const std::uint16_t half = dtype == "F16" ? as_half(value) : bf16(value).bits;
                             write(dtype == "F32" ? std::as_bytes(std::span(&value, 1))
                                                  : std::as_bytes(std::span(&half, 1)));
                         }
                     });
        }
        file.save(path);
        return path;
    }
    std::string index(std::size_t files) const {
        std::string text = R"({"metadata": {"total_size": 1}, "weight_map": {)";
        for (std::size_t i = 0; i < tensors.size(); ++i)
            text += fmt::format("{}\"{}\": \"part-{}.safetensors\"", i ? ", " : "", tensors[i].first, i % files);
        return text + "}}";
    }
};

template <class Network> bool is_loaded(const std::filesystem::path& path) {
    reference::context ctx;
    const model<reference::context, Network, float, inference> network(ctx, pretrained_weights(path));
    for (const parameter_row& row : network.table()) {
        std::vector<float> found(row.size);
        network.get(row, found);
        if (found != numbers_of(row)) return false;
    }
    return true;
}
template <class Network> std::string refusal(const std::filesystem::path& path) {
    reference::context ctx;
    model<reference::context, Network, float> network(ctx);
    const auto before = network.host_masters();
    try {
        load_pretrained(path, network);
    } catch (const error& e) {
        CHECK(network.host_masters() == before);
        return e.what();
    }
    return "";
}

template <class Context> auto encoder_on(Context& ctx, text_encoding how = {.max_tokens = 8}) {
    return network_encoder(ctx, t5<small>{}, compute<float>, seed{3}, letters{}, std::move(how));
}
/// The vectors of one text of a batch.
std::vector<float> vectors_of(const text_batch& of, std::size_t s) {
    const auto size = static_cast<std::ptrdiff_t>(of.tokens * of.dim), n = static_cast<std::ptrdiff_t>(s);
    return {of.vectors.begin() + n * size, of.vectors.begin() + (n + 1) * size};
}
std::ptrdiff_t valid_of(const text_batch& of, std::size_t s) {
    const auto first = of.valid.begin() + static_cast<std::ptrdiff_t>(s) * of.tokens;
    return std::count(first, first + of.tokens, 1);
}

} // namespace

TEMPLATE_TEST_CASE("weights of others are read by their names, from one file or several, of any precision",
                   "[text][io]", t5<small>, bert<small_bert>) {
    const temporary_folder folder;
    for (const char* dtype : {"F32", "F16", "BF16"}) {
        CAPTURE(dtype);
        const stored all = stored::of<TestType>(dtype);
        const auto one = folder.path / dtype, several = folder.path / (std::string(dtype) + "_parts");
        std::filesystem::create_directories(one);
        std::filesystem::create_directories(several);
        CHECK(is_loaded<TestType>(all.save(one / "model.safetensors")));
        CHECK(is_loaded<TestType>(one));
        for (std::size_t i = 0; i < 3; ++i) all.save(several / fmt::format("part-{}.safetensors", i), i, 3);
        std::ofstream(several / "model.safetensors.index.json") << all.index(3);
        CHECK(is_loaded<TestType>(several));
        CHECK(is_loaded<TestType>(several / "model.safetensors.index.json"));
    }
}

TEST_CASE("what belongs to a decoder or a pooler is left out, anything else is refused", "[text][io]") {
    const temporary_folder folder;
    const auto path = folder.path / "model.safetensors";
    stored all = stored::of<t5<small>>("F32");
    for (const char* name :
         {"decoder.block.0.layer.0.SelfAttention.q.weight", "lm_head.weight", "encoder.embed_tokens.weight"})
        all.add(name, {1}, {7});
    CHECK(is_loaded<t5<small>>(all.save(path)));
    all.add("encoder.block.2.layer.0.SelfAttention.q.weight", {1}, {7});
    CHECK(refusal<t5<small>>(all.save(path)) ==
          path.string() +
              " has a tensor encoder.block.2.layer.0.SelfAttention.q.weight, which this model does not have");
    stored other = stored::of<bert<small_bert>>("F32");
    other.add("pooler.dense.weight", {1}, {7});
    other.add("embeddings.position_ids", {1}, {7});
    CHECK(is_loaded<bert<small_bert>>(other.save(path)));
}

TEST_CASE("a wrong file of others' weights is one sentence that names tensor and expectation", "[text][io]") {
    const temporary_folder folder;
    const auto path = folder.path / "model.safetensors";
    const std::string q = "encoder.block.1.layer.0.SelfAttention.q.weight";
    using network = t5<small>;
    const stored right = stored::of<network>("F32");
    const auto without = [&](const std::string& name) {
        stored less = right;
        std::erase_if(less.tensors, [&](const auto& tensor) { return tensor.first == name; });
        return less;
    };
    CHECK(refusal<network>(without(q).save(path)) == path.string() + " has no tensor " + q);
    stored shape = without(q);
    shape.add(q, {12, 15}, std::vector<float>(12 * 15));
    CHECK(refusal<network>(shape.save(path)) ==
          path.string() + ": tensor " + q + " should have shape [12, 16] and has [12, 15]");

    right.save(path);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
    CHECK_THAT(refusal<network>(path),
               Catch::Matchers::StartsWith(path.string() + ": tensor encoder.final_layer_norm.weight lies at bytes "));

    const auto index = folder.path / "model.safetensors.index.json";
    for (std::size_t i = 0; i < 2; ++i) right.save(folder.path / fmt::format("part-{}.safetensors", i), i, 2);
    const auto with_index = [&](const std::string& text) {
        std::ofstream(index) << text;
        return refusal<network>(folder.path);
    };
    CHECK(with_index(right.index(2)) == "");
    CHECK(with_index("{}") == index.string() + " has no weight_map that says which file has which tensor");
    std::string away = right.index(2), swapped = away;
    away.replace(away.find("part-1"), 6, "../x");
    CHECK_THAT(with_index(away),
               Catch::Matchers::Contains("\"../x.safetensors\", which is no name of a file beside it"));
    swapped.replace(swapped.find("part-1"), 6, "part-0");
    CHECK_THAT(with_index(swapped), Catch::Matchers::Contains("lies in part-0.safetensors, which does not have it"));
    std::string lost = right.index(2);
    const auto entry = lost.find("\"" + right.tensors[1].first);
    lost.erase(entry, lost.find(", ", entry) + 2 - entry);
    CHECK_THAT(with_index(lost), Catch::Matchers::Contains("has a tensor " + right.tensors[1].first + ", which " +
                                                           index.string() + " does not name"));
    std::filesystem::remove(folder.path / "part-1.safetensors");
    CHECK_THAT(with_index(right.index(2)),
               Catch::Matchers::Contains("part-1.safetensors cannot be opened for reading"));
    CHECK_THROWS_WITH(tensor_files(std::string(300, 'a')),
                      Catch::Matchers::Contains("aaa cannot be opened for reading: File name too long"));
}

TEMPLATE_TEST_CASE("a network's vectors of a text do not depend on what it is encoded with", "[text]",
                   reference::context, cpu::context) {
    TestType ctx;
    const auto encoder = encoder_on(ctx);
    STATIC_REQUIRE(text_encoder<std::remove_const_t<decltype(encoder)>>);
    const std::vector<std::string> texts{"red", "bluedre", "a", "", " ,.", "red"};
    const text_batch all = encoder.encode(texts);
    all.check();
    REQUIRE((all.texts() == 6 && all.tokens == 8 && all.dim == 16));
    for (const auto& [s, count] : {std::pair{0, 4}, {1, 8}, {2, 2}, {3, 0}, {4, 0}, {5, 4}})
        CHECK(valid_of(all, static_cast<std::size_t>(s)) == count);
    CHECK(vectors_of(all, 0) == vectors_of(all, 5));
    CHECK(vectors_of(all, 0) != vectors_of(all, 1));
    for (std::size_t s = 0; s < texts.size(); ++s) {
        const text_batch alone = encoder.encode(std::span(texts).subspan(s, 1));
        CHECK(vectors_of(alone, 0) == vectors_of(all, s));
        const auto vectors = vectors_of(all, s);
        for (std::ptrdiff_t i = valid_of(all, s) * 16; i < 8 * 16; ++i)
            CHECK(vectors[static_cast<std::size_t>(i)] == 0.0f);
    }
    const auto one_by_one = encoder_on(ctx, {.max_tokens = 8, .at_once = 1});
    CHECK(one_by_one.encode(texts) == all);
    CHECK(encoder.encode({}).texts() == 0);
}

TEST_CASE("a text that is too long is cut, which is said, and ends as every text", "[text]") {
    cpu::context ctx;
    std::vector<std::string> said;
    const auto encoder = encoder_on(ctx, {.max_tokens = 5, .say = [&](const std::string& s) { said.push_back(s); }});
    const std::vector<std::string> texts{"abcd", "abcdefghi"};
    const text_batch made = encoder.encode(texts);
    CHECK(said == std::vector<std::string>{"a text of 10 tokens was cut to 5: \"abcdefghi\""});
    CHECK(vectors_of(made, 0) == vectors_of(made, 1));
}

TEST_CASE("a text encoder refuses what does not belong together", "[text]") {
    cpu::context ctx;
    CHECK_THROWS_WITH(network_encoder(ctx, t5<tight>{}, compute<float>, seed{1}, letters{}),
                      "the tokenizer has 28 tokens, and the network's embedding 20: they do not belong together");
    CHECK_THROWS_WITH(network_encoder(ctx, bert<small_bert>{}, compute<float>, seed{1}, letters{}, {.max_tokens = 13}),
                      "this text encoder takes 2 to 12 positions of a text; max_tokens is 13");
    CHECK_THROWS_WITH(encoder_on(ctx, {.max_tokens = 8, .at_once = 0}), "a pass has 1 text or more; at_once is 0");
}

TEST_CASE("an encoder's identity follows weights, type and length", "[text]") {
    cpu::context ctx;
    const std::string one = encoder_on(ctx).identity();
    CHECK(encoder_on(ctx).identity() == one);
    CHECK(encoder_on(ctx, {.max_tokens = 7}).identity() != one);
    CHECK(network_encoder(ctx, t5<small>{}, compute<bf16>, seed{3}, letters{}, {.max_tokens = 8}).identity() != one);
    auto other = encoder_on(ctx);
    const parameter_row& last = other.table().back();
    std::vector<float> values(last.size, 1.0f);
    values.back() = 1.0000001f;
    other.set(last, values);
    CHECK(other.identity() != one);
}

namespace {
/// Counts what it is asked.
template <class Encoder> struct counting {
    std::shared_ptr<Encoder> of;
    std::shared_ptr<std::size_t> asked = std::make_shared<std::size_t>(0);
    int dim() const { return of->dim(); }
    int max_tokens() const { return of->max_tokens(); }
    std::string identity() const { return of->identity(); }
    text_batch encode(std::span<const std::string> texts) const {
        *asked += texts.size();
        return of->encode(texts);
    }
};
} // namespace

TEST_CASE("a cache on disk gives the encoder's bits, and asks it once for a text", "[text][cache]") {
    cpu::context ctx;
    const temporary_folder folder;
    auto encoder = std::make_shared<decltype(encoder_on(ctx))>(encoder_on(ctx));
    const counting<std::decay_t<decltype(*encoder)>> counted{encoder};
    const std::vector<std::string> texts{"red", "blue", "", "red", "n\xc3\xaf \xff"}, more{"blue", "green"};
    {
        const cached_encoder cached(counted, folder.path);
        STATIC_REQUIRE(text_encoder<std::remove_const_t<decltype(cached)>>);
        CHECK(cached.encode(texts) == encoder->encode(texts));
        CHECK((*counted.asked == 4 && cached.size() == 4));
        CHECK(cached.encode(texts) == encoder->encode(texts));
        CHECK(*counted.asked == 4);
    }
    const cached_encoder again(counted, folder.path), beside(counted, folder.path);
    CHECK(again.encode(texts) == encoder->encode(texts));
    CHECK(*counted.asked == 4);
    CHECK(again.encode(more) == encoder->encode(more));
    CHECK(*counted.asked == 5);
    CHECK(beside.encode(more) == encoder->encode(more)); // what the other has added is found
    CHECK(*counted.asked == 5);
    CHECK(encode_captions(again, texts) == encode_captions(*encoder, texts));

    const std::vector<std::string> same{"red"};
    const cached_encoder other(encoder_on(ctx, {.max_tokens = 3}), folder.path); // lies elsewhere
    CHECK(other.size() == 0);
    CHECK(other.encode(same).tokens == 3);
}

TEST_CASE("a file of a cache that is not as it should be is named", "[text][cache]") {
    cpu::context ctx;
    const temporary_folder folder;
    const std::vector<std::string> texts{"red"};
    std::string identity;
    {
        const cached_encoder cached(encoder_on(ctx), folder.path);
        cached.encode(texts);
        identity = cached.identity();
    }
    const auto file = std::filesystem::directory_iterator(folder.path / identity)->path();
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
    CHECK_THROWS_WITH(cached_encoder(encoder_on(ctx), folder.path), Catch::Matchers::StartsWith(file.string()));
    // Texts of a letter each, of one position but for what `counts` say.
    const auto write = [&](const std::vector<std::int64_t>& counts, std::int64_t positions, std::int64_t dim,
                           float number) {
        safetensors_writer other;
        std::vector<std::uint8_t> letters;
        std::vector<std::int64_t> ends;
        for (std::int64_t i = 0; i < std::ssize(counts); ++i)
            letters.push_back(static_cast<std::uint8_t>('a' + i)), ends.push_back(i + 1);
        const std::vector<std::int32_t> places(static_cast<std::size_t>(positions));
        const std::vector<float> vectors(static_cast<std::size_t>(positions * dim), number);
        other.add("texts", {std::ssize(letters)}, std::span<const std::uint8_t>(letters));
        other.add("text_ends", {std::ssize(ends)}, std::span<const std::int64_t>(ends));
        other.add("counts", {std::ssize(counts)}, std::span<const std::int64_t>(counts));
        other.add("positions", {positions}, std::span<const std::int32_t>(places));
        other.add("vectors", {positions, dim}, std::span<const float>(vectors));
        other.save(file);
    };
    const auto refused = [&] {
        CHECK_THROWS_WITH(cached_encoder(encoder_on(ctx), folder.path),
                          file.string() + " is not a file of encoded texts of 16 numbers a position");
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    write({1}, 1, 17, 0), refused();
    write({1}, 2, 16, 0), refused();
    write({9}, 9, 16, 0), refused(); // of 8 positions
    write({-1, 2}, 1, 16, 0), refused();
    write({most, most, 2}, 0, 16, 0), refused(); // whose sum is 0 in 64 bits
    write({1}, 1, 16, 0);
    const std::vector<std::string> known{"a"};
    CHECK(cached_encoder(encoder_on(ctx), folder.path).encode(known).valid[0] == 1);
    write({1}, 1, 16, std::numeric_limits<float>::infinity());
    CHECK_THROWS_WITH(cached_encoder(encoder_on(ctx), folder.path).encode(known),
                      file.string() + ": element 0 of tensor vectors is inf, where a finite number is needed");
}

namespace {
/// Whose last text is not finite.
struct broken_encoder {
    int dim() const { return 2; }
    int max_tokens() const { return 3; }
    std::string identity() const { return "broken"; }
    text_batch encode(std::span<const std::string> texts) const {
        text_batch made{3, 2, std::vector<float>(texts.size() * 6), std::vector<std::uint8_t>(texts.size() * 3), {}};
        for (std::size_t s = 0; s < texts.size(); ++s) made.valid[s * 3] = made.valid[s * 3 + 1] = 1;
        made.vectors[made.vectors.size() - 3] = std::numeric_limits<float>::quiet_NaN();
        return made;
    }
};
} // namespace

TEST_CASE("numbers that are not finite are not kept by a cache", "[text][cache]") {
    const temporary_folder folder;
    const cached_encoder cached(broken_encoder{}, folder.path);
    const std::vector<std::string> texts{"blue", "red"};
    CHECK_THROWS_WITH(cached.encode(texts),
                      "the text encoder broken gave a text a number that is not finite (nan, at position 1), which is "
                      "not kept: \"red\"");
    CHECK(cached.size() == 0);
    CHECK(std::filesystem::is_empty(folder.path / "broken"));
}

TEST_CASE("a cache whose folder is gone says so, and encodes nothing", "[text][cache]") {
    cpu::context ctx;
    const temporary_folder folder;
    const cached_encoder cached(encoder_on(ctx), folder.path);
    std::filesystem::remove_all(folder.path / cached.identity());
    const std::vector<std::string> texts{"red"};
    CHECK_THROWS_WITH(cached.encode(texts), "the folder '" + (folder.path / cached.identity()).string() +
                                                "' cannot be read: No such file or directory");
}

TEST_CASE("a denoiser is told by a network's vectors", "[text][sample]") {
    cpu::context ctx;
    const temporary_folder folder;
    denoiser model(ctx, told_by_text{}, compute<float>, seed{1});
    auto masters = model.host_masters();
    for (std::size_t i = 0; i < masters.size(); ++i) masters[i] += 0.1f * philox{5, 6}.normal(i);
    model.assign(masters);
    const auto encoder = encoder_on(ctx);
    const sampling how{.sampler = ddim{.steps = 2}, .guide = {.scale = 2}, .seed = seed{1}};
    const auto sampled = [&](const auto& by, const char* text) {
        return sample_latents(model, by, prompts{text, ""}, how).values;
    };
    const auto red = sampled(encoder, "red");
    CHECK(sampled(encoder, "red") == red);
    CHECK(sampled(encoder, "blue") != red);
    CHECK(sampled(cached_encoder(encoder_on(ctx), folder.path), "red") == red);
    CHECK_THROWS_WITH(sampled(encoder_on(ctx, {.max_tokens = 6}), "red"),
                      "the text encoder gives 6 tokens of 16 numbers, the model takes 8 of 16");
}
