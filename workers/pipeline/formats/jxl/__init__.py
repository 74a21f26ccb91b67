"""JPEG XL (ISO/IEC 18181): libjxl codes the pixels; boxes, header and colour profile are read here."""
