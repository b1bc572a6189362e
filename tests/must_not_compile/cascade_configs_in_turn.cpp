// expect: a denoiser takes a denoiser's config, which derives from walt::denoiser_config; this one has the base of another network
#include <walt/config/cascade.hpp>

using mistaken = walt::stage_config<walt::tokenizer_config, walt::denoiser_config>;
int main() { return walt::cascade_config<mistaken>::valid ? 0 : 1; }
