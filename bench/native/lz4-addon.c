/*
 * liblz4 behind node_api.h, the native side of the codec benches.
 *
 * Why so: the module is compared with C at its best, so the loops over pages run here, as the
 * module's own loops run in wasm, and neither side pays calls from JavaScript. Pages, blocks and
 * lengths lie as in assembly/codec/testing.ts. LZ4_compress_default clears its own state on the stack,
 * which is how it is used. HC works in one state that is kept and begins each page by
 * LZ4_resetStreamHC_fast, the public way without an expensive start: LZ4_compress_HC and
 * LZ4_compress_HC_extStateHC zero all 256 KiB of it for every page. A page begins without a
 * dictionary, so its block is that of LZ4_compress_HC to the byte. Only the page after one that did
 * not shrink is begun in a zeroed state: liblz4 trusts no state after a failure.
 *
 * Exports (addresses are byte offsets into the ArrayBuffer given first):
 *   version()                                              "1.9.4"
 *   flags()                                                how this file was compiled
 *   compressPages(memory, blocks, blockStride, lengths, capacity,
 *                 pages, pageSize, pageCount, mode, level, repeat)  sum of the lengths
 *   decompressPages(memory, page, pageSize, blocks, blockStride, lengths, blockCount, repeat)
 *                                                          number of damaged blocks
 * mode: 0 LZ4_compress_default, 1 LZ4_compress_fast(level), 2 HC(level) as said above,
 *       3 LZ4_compress_HC(level) itself, to check mode 2 against.
 * One page is compressed by a count of 1.
 */
#include <lz4.h>
#include <lz4hc.h>
#include <node_api.h>
#include <stdint.h>

#ifndef ADDON_FLAGS
#define ADDON_FLAGS "unknown"
#endif

#define ARGUMENTS_MAX 11

/* Reads the memory and the numbers after it; a missing or foreign argument throws. */
static int readArguments(napi_env env, napi_callback_info info, size_t wanted, uint8_t **memory,
                         uint32_t *numbers) {
  napi_value values[ARGUMENTS_MAX];
  size_t count = ARGUMENTS_MAX;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok || count != wanted) {
    napi_throw_type_error(env, NULL, "wrong number of arguments");
    return 0;
  }
  void *data = NULL;
  size_t size = 0;
  if (napi_get_arraybuffer_info(env, values[0], &data, &size) != napi_ok) {
    napi_throw_type_error(env, NULL, "the first argument must be an ArrayBuffer");
    return 0;
  }
  *memory = data;
  for (size_t index = 1; index < wanted; index++) {
    if (napi_get_value_uint32(env, values[index], &numbers[index - 1]) != napi_ok) {
      napi_throw_type_error(env, NULL, "all but the first argument must be numbers");
      return 0;
    }
  }
  return 1;
}

static napi_value numberToValue(napi_env env, uint32_t number) {
  napi_value value;
  napi_create_uint32(env, number, &value);
  return value;
}

static napi_value compressPages(napi_env env, napi_callback_info info) {
  uint8_t *memory;
  uint32_t n[10];
  if (!readArguments(env, info, 11, &memory, n)) return NULL;
  char *blocks = (char *)memory + n[0];
  const uint32_t stride = n[1];
  uint32_t *lengths = (uint32_t *)(memory + n[2]);
  const int capacity = (int)n[3];
  const char *pages = (const char *)memory + n[4];
  const int pageSize = (int)n[5];
  const uint32_t pageCount = n[6], mode = n[7];
  const int level = (int)n[8];
  const uint32_t repeat = n[9];
  static LZ4_streamHC_t *state = NULL;
  if (state == NULL) state = LZ4_createStreamHC();
  if (state == NULL) {
    napi_throw_error(env, NULL, "no memory for the HC state");
    return NULL;
  }
  uint32_t total = 0;
  for (uint32_t round = 0; round < repeat; round++) {
    total = 0;
    for (uint32_t index = 0; index < pageCount; index++) {
      const char *page = pages + (size_t)index * (size_t)pageSize;
      char *block = blocks + (size_t)index * stride;
      int length;
      if (mode == 0)
        length = LZ4_compress_default(page, block, pageSize, capacity);
      else if (mode == 1)
        length = LZ4_compress_fast(page, block, pageSize, capacity, level);
      else if (mode == 2) {
        LZ4_resetStreamHC_fast(state, level);
        length = LZ4_compress_HC_continue(state, page, block, pageSize, capacity);
      } else
        length = LZ4_compress_HC(page, block, pageSize, capacity, level);
      lengths[index] = (uint32_t)length;
      total += (uint32_t)length;
    }
  }
  return numberToValue(env, total);
}

static napi_value decompressPages(napi_env env, napi_callback_info info) {
  uint8_t *memory;
  uint32_t n[7];
  if (!readArguments(env, info, 8, &memory, n)) return NULL;
  char *page = (char *)memory + n[0];
  const int pageSize = (int)n[1];
  const char *blocks = (const char *)memory + n[2];
  const uint32_t stride = n[3];
  const uint32_t *lengths = (const uint32_t *)(memory + n[4]);
  const uint32_t blockCount = n[5], repeat = n[6];
  uint32_t damaged = 0;
  for (uint32_t round = 0; round < repeat; round++) {
    for (uint32_t index = 0; index < blockCount; index++) {
      if (lengths[index] == 0) continue;
      const char *block = blocks + (size_t)index * stride;
      if (LZ4_decompress_safe(block, page, (int)lengths[index], pageSize) != pageSize) damaged++;
    }
  }
  return numberToValue(env, damaged);
}

static napi_value version(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value value;
  napi_create_string_utf8(env, LZ4_versionString(), NAPI_AUTO_LENGTH, &value);
  return value;
}

static napi_value flags(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value value;
  napi_create_string_utf8(env, ADDON_FLAGS, NAPI_AUTO_LENGTH, &value);
  return value;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor properties[] = {
      {"version", NULL, version, NULL, NULL, NULL, napi_enumerable, NULL},
      {"flags", NULL, flags, NULL, NULL, NULL, napi_enumerable, NULL},
      {"compressPages", NULL, compressPages, NULL, NULL, NULL, napi_enumerable, NULL},
      {"decompressPages", NULL, decompressPages, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof properties / sizeof properties[0], properties);
  return exports;
}
