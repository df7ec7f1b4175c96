// The header in C++.
#include <lmac.h>

#include <cstring>

int main()
{
    lmac_info info;
    lmac_init(&info, sizeof info);
    lmac_decoder *decoder = nullptr;
    lmac_error error = lmac_decoder_open_memory("x", 1, nullptr, &decoder);
    return error == LMAC_ERROR_NOT_LMAC && decoder == nullptr && info.size == sizeof info &&
                   std::strcmp(lmac_strerror(LMAC_OK), "no error") == 0
               ? 0
               : 1;
}
