// The layout of a module's parameters, their table, who is trained, and how weights and gradients are looked at.
#include "../catch.hpp"

#include <walt/core/model.hpp>
#include <walt/core/trained.hpp>
#include <walt/ops/reference/context.hpp>

using namespace walt;

namespace {

struct leaf {
    parameter<role::matrix, init::xavier, 3, 5> weight;
    parameter<role::bias, init::zero, 3> bias;
    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("bias", self.bias);
    }
};
struct wide {
    kernel<init::xavier, 4, 2, 1, 3, 3> weight;
    parameter<role::norm, init::one, 70> scale;
    static constexpr void each(auto& self, auto&& visit) {
        visit("weight", self.weight);
        visit("scale", self.scale);
    }
};
/// Members called like a repeated part's make no repeated part.
struct swimming_pool {
    static constexpr int depth = 3;
    int stride = 2;
    leaf inner;
    static constexpr void each(auto& self, auto&& visit) { visit("inner", self.inner); }
};
template <int Depth> struct whole {
    swimming_pool pool;
    repeat<Depth, leaf, wide> blocks;
    statistic<init::one, 7> mean;
    static constexpr void each(auto& self, auto&& visit) {
        visit("pool", self.pool);
        visit("blocks", self.blocks);
        visit("mean", self.mean);
    }
};

template <class Module> const parameter_row& row_of(const std::string& name) {
    for (const parameter_row& row : parameter_table<Module>())
        if (row.name == name) return row;
    throw error("no parameter " + name);
}

template <int Depth> void check_layout() {
    using module = whole<Depth>;
    std::size_t next = 0, exact = 0, count = 0;
    for (const parameter_row& row : parameter_table<module>()) {
        CHECK(row.offset == next);
        CHECK(row.exact_offset == exact);
        next += row.padded();
        if (row.exact) exact += row.padded();
        count += row.size;
    }
    CHECK(next == placed<module>.extent);
    CHECK(exact == placed<module>.exact_extent);
    CHECK(count == parameter_count<module>);
    for (int i = 0; i < Depth; ++i) {
        const std::string name = fmt::format("blocks.{}.weight", i);
        CHECK(placed<module>.blocks.begin_of(i).all == row_of<module>(name).offset);
        CHECK(row_of<module>(name).kind == (i % 2 == 0 ? role::matrix : role::kernel));
    }
    CHECK(placed<module>.blocks.begin_of(Depth).all == row_of<module>("mean").offset);
}

} // namespace

TEST_CASE("parameters lie one behind the other, repeated parts of any depth too", "[parameters]") {
    check_layout<1>();
    check_layout<2>();
    check_layout<3>();
    check_layout<6>();
    check_layout<7>();
    CHECK(parameter_table<whole<0>>().size() == 3);
}

TEST_CASE("a row says what its parameter is", "[parameters]") {
    using module = whole<2>;
    CHECK(row_of<module>("blocks.0.weight").decayed());
    CHECK(row_of<module>("blocks.1.weight").decayed());
    CHECK_FALSE(row_of<module>("blocks.0.bias").decayed());
    CHECK_FALSE(row_of<module>("blocks.1.scale").decayed());
    CHECK_FALSE(row_of<module>("mean").trainable());
    CHECK(row_of<module>("blocks.0.weight").is_matrix());
    CHECK_FALSE(row_of<module>("blocks.1.weight").is_matrix());
    CHECK_FALSE(row_of<module>("blocks.0.weight").exact);
    CHECK(row_of<module>("blocks.0.bias").exact);
    CHECK(row_of<module>("pool.inner.bias").group() == "pool");
}

TEST_CASE("patterns say who is trained, and only they have gradients", "[parameters]") {
    using module = whole<3>;
    const auto& table = parameter_table<module>();
    CHECK(only::matches("blocks.*.weight", "blocks.0.weight"));
    CHECK(only::matches("*", "anything.at.all"));
    CHECK(only::matches("a*c*e", "abcde"));
    CHECK_FALSE(only::matches("blocks.*.weight", "blocks.0.weights"));
    CHECK_FALSE(only::matches("blocks", "blocks.0.weight"));

    const trained_parameters all(table);
    CHECK(all.all());
    CHECK(all.extent() == placed<module>.extent);
    CHECK(all.rows().size() == table.size() - 1); // a statistic is not trained

    const trained_parameters some(table, only("blocks.*.weight", "pool.inner.bias"));
    CHECK(some.rows().size() == 4);
    CHECK(some.extent() == 64 + 64 + 128 + 64);
    std::vector<float> memory(some.extent());
    const gradients<float> g{memory.data(), some.places()};
    const auto& net = placed<module>;
    CHECK_FALSE(g(net.pool.inner.weight));
    CHECK(g(net.pool.inner.bias).data() == memory.data());
    net.blocks.at(2, [&](const auto& block, shift behind) {
        if constexpr (requires { block.bias; }) {
            CHECK(shifted(g, behind)(block.weight).data() == memory.data() + 64 + 64 + 128);
            CHECK_FALSE(shifted(g, behind)(block.bias));
        }
    });
    CHECK_THROWS_WITH(trained_parameters(table, only("block.*")),
                      Catch::Contains("block.*") && Catch::Contains("pool, blocks, mean"));
}

TEST_CASE("models are shared and cloned, never copied by accident", "[model]") {
    reference::context ctx;
    using net = model<reference::context, whole<3>, float>;
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<net>);
    const net one(ctx, seed{1});
    const net same = share(one), other = clone(one);
    CHECK(same.masters().data() == one.masters().data());
    CHECK(other.masters().data() != one.masters().data());
    CHECK(other.host_masters() == one.host_masters());
}

TEST_CASE("a model of masters alone has nothing that a pass could read before it has copies", "[model]") {
    reference::context ctx;
    const model<reference::context, whole<3>, bf16> of(ctx, seed{1});
    model<reference::context, whole<3>, bf16> alone(masters_alone{}, of);
    CHECK_THROWS_WITH(alone.weights(), Catch::Contains("this model has masters alone: add_copies() makes room"));
    alone.add_copies();
    CHECK_NOTHROW(alone.weights());
}

TEST_CASE("inference keeps the copy, and masters of what is read exactly", "[model]") {
    reference::context ctx;
    const model<reference::context, whole<5>, bf16> whole_model(ctx, seed{3});
    const model<reference::context, whole<5>, bf16, inference> small(ctx, seed{3});
    const auto& net = placed<whole<5>>;
    const auto check = [&](const auto& a, const auto& b) {
        REQUIRE(a.size() == b.size());
        for (std::int64_t i = 0; i < a.size(); ++i)
            CHECK(static_cast<float>(a.data()[i]) == static_cast<float>(b.data()[i]));
    };
    for (int i = 0; i < 5; ++i)
        net.blocks.at(i, [&](const auto& block, shift) {
            const auto left = whole_model.weights().block(net.blocks, i), right = small.weights().block(net.blocks, i);
            check(left(block.weight), right(block.weight));
            if constexpr (requires { block.bias; }) check(left.exact(block.bias), right.exact(block.bias));
            else check(left.exact(block.scale), right.exact(block.scale));
        });
    check(whole_model.weights().exact(net.mean), small.weights().exact(net.mean));
    for (const parameter_row& row : small.table()) {
        std::vector<float> values(row.size), masters(row.size);
        small.get(row, values);
        whole_model.get(row, masters);
        for (std::size_t i = 0; i < row.size; ++i)
            CHECK(values[i] == (row.exact ? masters[i] : static_cast<float>(bf16(masters[i]))));
    }
}

namespace {
/// A store that counts, and has the blocks of another model's memory.
struct counting_store : block_store<float> {
    const float* memory;
    int held = 0, asked = 0;
    explicit counting_store(const float* of) : memory(of) {}
    weights<float> acquire(shift begin, shift, shift by) override {
        ++held, ++asked;
        weights<float> at_block{memory + begin.all, memory + begin.all};
        at_block.at = static_cast<std::ptrdiff_t>(by.all) - static_cast<std::ptrdiff_t>(begin.all);
        return at_block;
    }
    void release(shift) override { --held; }
};
} // namespace

TEST_CASE("a lease brings a block and gives it back", "[model]") {
    reference::context ctx;
    const model<reference::context, whole<3>, float> net(ctx, seed{1});
    counting_store store(net.masters().data());
    weights<float> w = net.weights();
    w.compute = w.master = nullptr;
    w.store = &store;
    for (int i = 0; i < 3; ++i) {
        const auto lease = w.block(net.network().blocks, i);
        CHECK(store.held == 1);
        net.network().blocks.at(i, [&](const auto& block, shift) {
            CHECK(lease(block.weight).data() == net.weights().block(net.network().blocks, i)(block.weight).data());
        });
    }
    CHECK(store.held == 0);
    CHECK(store.asked == 3);
}
