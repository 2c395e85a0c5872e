"""Decodes the images in Transform, as TFX's CIFAR-10 example does."""

import tensorflow as tf


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    pixels = tf.map_fn(
        lambda image: tf.io.decode_png(image[0], channels=1),
        inputs["image"],
        fn_output_signature=tf.uint8,
    )
    image = tf.reshape(tf.cast(pixels, tf.float32) / 255.0, [-1, 8, 8, 1])
    return {"image_xf": image, "label_xf": inputs["label"]}
