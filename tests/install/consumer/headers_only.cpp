// A user of the headers alone, without any other library.
#include <walt/config/presets.hpp>
#include <walt/meta.hpp>
#include <walt/transformer/transformer.hpp>

#include <cstdio>

int main() {
    std::printf("W.A.L.T-L has %zu parameters\n", walt::parameter_count<walt::transformer<walt::presets::walt_l>>);
}
